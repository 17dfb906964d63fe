package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.config.Version;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.apache.parquet.schema.Types.MessageTypeBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Flows as an Apache Parquet file: numbers as INT64, moments as TIMESTAMP in microseconds UTC, texts as STRING. A row group holds a
 * quarter of a million flows at the most, which bounds the memory that writing and reading take.
 *
 * <p>Pages are packed by the JDK's gzip, which every reader knows and which needs no native library. Parquet's own classes are made for
 * Hadoop, and its methods name Hadoop's; none of them is loaded here, and Hadoop is not on the class path of the tool.
 */
final class FlowParquet implements FlowOutput {
    private static final int ROWS_IN_GROUP = 250_000;
    private static final long BYTES_IN_GROUP = 64L << 20;

    private final ParquetWriter<Flow> writer;

    FlowParquet(Path file, @Nullable String host) throws IOException {
        writer = new Builder(file, host)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new Gzip())
                .withCompressionCodec(CompressionCodecName.GZIP)
                .withRowGroupSize(BYTES_IN_GROUP)
                .withRowGroupRowCountLimit(ROWS_IN_GROUP)
                .build();
    }

    @Override
    public void write(Flow flow) throws IOException {
        writer.write(flow);
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }

    private static MessageType schema() {
        MessageTypeBuilder message = Types.buildMessage();
        message.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("host");
        for (FlowColumn column : FlowColumn.values()) {
            switch (column.kind()) {
                case TEXT ->
                    message.optional(PrimitiveTypeName.BINARY)
                            .as(LogicalTypeAnnotation.stringType())
                            .named(column.label());
                case NUMBER -> message.optional(PrimitiveTypeName.INT64).named(column.label());
                case TIME ->
                    message.optional(PrimitiveTypeName.INT64)
                            .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS))
                            .named(column.label());
            }
        }
        return message.named("flow");
    }

    private static final class Builder extends ParquetWriter.Builder<Flow, Builder> {
        private final @Nullable String host;

        Builder(Path file, @Nullable String host) {
            super(new LocalOutputFile(file));
            this.host = host;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract still
        protected WriteSupport<Flow> getWriteSupport(Configuration hadoop) {
            throw new UnsupportedOperationException("there is no Hadoop here");
        }

        @Override
        protected WriteSupport<Flow> getWriteSupport(ParquetConfiguration configuration) {
            return new Columns(host);
        }
    }

    /** Writes a flow column by column. */
    private static final class Columns extends WriteSupport<Flow> {
        private final FlowColumn[] columns = FlowColumn.values();
        private final @Nullable String host;
        private @Nullable RecordConsumer into;

        Columns(@Nullable String host) {
            this.host = host;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract still
        public WriteContext init(Configuration hadoop) {
            throw new UnsupportedOperationException("there is no Hadoop here");
        }

        @Override
        public WriteContext init(ParquetConfiguration configuration) {
            return new WriteContext(schema(), Map.of("writer.version", "proxy-l3l4 " + Version.current()));
        }

        @Override
        public void prepareForWrite(RecordConsumer recordConsumer) {
            into = recordConsumer;
        }

        @Override
        public void write(Flow flow) {
            RecordConsumer to = into;
            if (to == null) {
                throw new IllegalStateException("prepareForWrite comes first");
            }
            to.startMessage();
            field(to, 0, "host", host);
            for (int i = 0; i < columns.length; i++) {
                field(to, i + 1, columns[i].label(), columns[i].of(flow));
            }
            to.endMessage();
        }

        private static void field(RecordConsumer to, int index, String name, @Nullable Object value) {
            if (value != null) {
                to.startField(name, index);
                if (value instanceof Number number) {
                    to.addLong(number.longValue());
                } else {
                    to.addBinary(Binary.fromString(value.toString()));
                }
                to.endField(name, index);
            }
        }
    }

    /** The JDK's gzip for the pages; nothing is read here. */
    private static final class Gzip implements CompressionCodecFactory {
        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return new BytesInputCompressor() {
                @Override
                public BytesInput compress(BytesInput bytes) throws IOException {
                    ByteArrayOutputStream packed = new ByteArrayOutputStream();
                    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
                        bytes.writeAllTo(gzip);
                    }
                    return BytesInput.from(packed.toByteArray());
                }

                @Override
                public CompressionCodecName getCodecName() {
                    return CompressionCodecName.GZIP;
                }

                @Override
                public void release() {
                    // nothing is kept
                }
            };
        }

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            throw new UnsupportedOperationException("flows are written, not read");
        }

        @Override
        public void release() {
            // nothing is kept
        }
    }
}

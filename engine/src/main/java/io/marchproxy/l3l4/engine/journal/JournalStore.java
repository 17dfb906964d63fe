package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;
import org.jspecify.annotations.Nullable;

/**
 * A shard's Chronicle Queue: appends documents, begins a new file by size and by age, and deletes old ones. One thread.
 *
 * <p>Chronicle writes through a memory map, and a map into a full disk kills the process (SIGBUS). So the disk's space is
 * taken beforehand by plain writes of zeros, which fail politely, and a reserve is left for others. The first page of a new
 * file is the one write that only the reserve protects.
 */
final class JournalStore implements AutoCloseable {
    /** A queue file's name: the minute in which it began, UTC. */
    static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmm'.cq4'").withZone(ZoneOffset.UTC);

    private static final int BLOCK_BYTES = 4 << 20;
    private static final int AHEAD_BYTES = 1 << 20;

    /** What Chronicle may write of its own between two documents: a piece of its index. */
    private static final int SLACK_BYTES = 256 << 10;

    private static final long LONGEST_FILE_NS = TimeUnit.HOURS.toNanos(1);
    private static final long LOCK_PATIENCE_MS = 1_000;

    private final Path folder;
    private final JournalClock wall;
    private final Retention retention;
    private final long fileBytes;
    private final ChronicleQueue queue;
    private final RollClock clock;
    private final ExcerptAppender appender;
    private final CRC32C crc = new CRC32C();
    private final DocumentPacker packer = new DocumentPacker();
    private final ByteBuffer zeros = ByteBuffer.allocateDirect(AHEAD_BYTES);
    private Path path;
    private @Nullable FileChannel ahead;
    private long aheadUntil;
    private long written;
    private int packedBytes;
    private long fileBeganNs;

    /**
     * Opens the queue of a folder, which is made when it is not there. What is there is kept, and a new file begun.
     *
     * @param budgetBytes for all its files
     * @param maxAgeMs of a file since its last record
     * @param wall for names and ages
     * @throws DiskFullException when the disk has no room for a file
     */
    JournalStore(Path folder, long budgetBytes, long maxAgeMs, JournalClock wall) throws IOException {
        this.folder = folder;
        this.path = folder;
        this.wall = wall;
        retention = new Retention(folder, budgetBytes, maxAgeMs);
        fileBytes = retention.fileBytes();
        Files.createDirectories(folder);
        DiskSpace.require(folder);
        RollClock rolling = new RollClock();
        clock = rolling;
        queue = SingleChronicleQueueBuilder.binary(folder)
                .rollCycle(RollClock.CYCLE)
                .timeProvider(rolling)
                .blockSize(BLOCK_BYTES)
                .timeoutMS(LOCK_PATIENCE_MS)
                .checkInterrupts(false)
                .build();
        try {
            long lastIndex = queue.lastIndex();
            clock.startAfter(Math.max(lastIndex < 0 ? 0 : RollClock.CYCLE.toCycle(lastIndex), retention.lastCycle()));
            appender = queue.createAppender();
        } catch (IOException | RuntimeException e) {
            queue.close();
            throw e;
        }
    }

    /**
     * Appends a document.
     *
     * @param header the address of its header, but for the checksum
     * @param records the address of its records
     * @param length of the records in bytes, so that it is a document of at most 512 KiB
     * @return whether it is the first of a new file
     * @throws DiskFullException when there is no room for it; nothing was written then
     */
    boolean append(long header, long records, int length) throws IOException {
        FileChannel file = ahead;
        int whole = JournalLayout.DOCUMENT_HEADER + length;
        if (file == null || written + whole > fileBytes || System.nanoTime() - fileBeganNs > LONGEST_FILE_NS) {
            begin(header, records, length);
            return true;
        }
        takeSpace(file, written + whole + SLACK_BYTES);
        write(header, records, length);
        return false;
    }

    /** Begins a new file with a document. */
    private void begin(long header, long records, int length) throws IOException {
        retention.prune(wall.ageMs());
        DiskSpace.require(folder);
        clock.advance(wall.nowMs());
        write(header, records, length);
        fileBeganNs = System.nanoTime();
        path = folder.resolve(NAME.format(Instant.ofEpochMilli(clock.currentTimeMillis())));
        try (QueueFile begun = new QueueFile(path)) {
            QueueFile.Found found;
            do {
                found = begun.next();
            } while (found == QueueFile.Found.DOCUMENT);
            aheadUntil = begun.position();
        }
        FileChannel before = ahead;
        ahead = FileChannel.open(path, StandardOpenOption.WRITE);
        if (before != null) {
            before.close();
        }
    }

    /** The records go packed from where the shard put them to where they stay, and the checksum is taken there. */
    private void write(long header, long records, int length) {
        try (DocumentContext document = appender.writingDocument()) {
            Bytes<?> bytes = bytes(document);
            long position = bytes.writePosition();
            bytes.ensureCapacity(position + JournalLayout.DOCUMENT_HEADER + length);
            long at = bytes.addressForWrite(position);
            Memory.copy(header, at, JournalLayout.DOCUMENT_HEADER);
            packedBytes = packer.pack(records, length, at + JournalLayout.DOCUMENT_HEADER);
            int whole = JournalLayout.DOCUMENT_HEADER + packedBytes;
            Memory.putInt(at + JournalLayout.DOCUMENT_CRC, JournalLayout.crc(view(at, whole), crc));
            bytes.writeSkip(whole);
            written = position + whole;
        }
    }

    @SuppressWarnings("restricted") // the memory is the queue's, and outlives the view's use
    private static ByteBuffer view(long at, int length) {
        return MemorySegment.ofAddress(at).reinterpret(length).asByteBuffer();
    }

    private static Bytes<?> bytes(DocumentContext document) {
        var wire = document.wire();
        if (wire == null) {
            throw new IllegalStateException("a document that is being written has a wire");
        }
        return wire.bytes();
    }

    private void takeSpace(FileChannel file, long until) throws IOException {
        while (aheadUntil < until) {
            DiskSpace.require(folder);
            zeros.clear();
            try {
                while (zeros.hasRemaining()) {
                    aheadUntil += file.write(zeros, aheadUntil);
                }
            } catch (IOException e) {
                throw DiskSpace.isFull(folder) ? new DiskFullException(folder) : e;
            }
        }
    }

    /** How many bytes the records of the last document took. */
    int packedBytes() {
        return packedBytes;
    }

    /** Deletes what is too old; for a journal into which little is written. */
    void prune() {
        retention.prune(wall.ageMs());
    }

    /** Whether a document was appended. */
    boolean hasWritten() {
        return ahead != null;
    }

    /** Whether the file that was begun last is where it was. */
    boolean isThere() {
        return ahead == null || Files.exists(path);
    }

    /** Bytes that the folder's files take. */
    long diskBytes() {
        return retention.diskBytes();
    }

    @Override
    public void close() throws IOException {
        try {
            appender.close();
        } finally {
            queue.close();
            FileChannel file = ahead;
            if (file != null) {
                file.close();
            }
        }
    }
}

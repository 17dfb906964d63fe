package io.marchproxy.l3l4.engine.latency;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A shard's files: {@code shard-N.hlog}, which is written, and those before it, {@code shard-N.20261126-141503.hlog}, named by when
 * they ended (UTC). Together they stay within a budget: the oldest are deleted. One thread.
 */
final class LatencyFiles implements AutoCloseable {
    private static final int FILES_IN_BUDGET = 8;
    private static final DateTimeFormatter ENDED =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    private static final String SUFFIX = ".hlog";

    private final Path folder;
    private final String stem;
    private final Path current;
    private final long budgetBytes;
    private @Nullable FileChannel channel;
    private long writtenBytes;

    LatencyFiles(Path folder, int shard, long budgetBytes) {
        this.folder = folder;
        this.stem = "shard-" + shard;
        this.current = folder.resolve(stem + SUFFIX);
        this.budgetBytes = budgetBytes;
    }

    /** Whether a new file is to be begun before so many bytes are appended. */
    boolean isFull(int bytes) {
        return channel == null || writtenBytes + bytes > budgetBytes / FILES_IN_BUDGET;
    }

    /** Begins a file with its head; one that is there gets its last name. */
    void begin(byte[] head, long wallMs) throws IOException {
        close();
        if (Files.exists(current)) {
            Files.move(current, freeName(wallMs));
        }
        prune();
        channel = FileChannel.open(current, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        writtenBytes = 0;
        append(head);
    }

    private Path freeName(long wallMs) {
        String ended = stem + "." + ENDED.format(Instant.ofEpochMilli(wallMs));
        Path name = folder.resolve(ended + SUFFIX);
        for (int i = 2; Files.exists(name); i++) {
            name = folder.resolve(ended + "-" + i + SUFFIX);
        }
        return name;
    }

    private void prune() throws IOException {
        List<Path> ended = ended();
        long bytes = diskBytes();
        for (Path file : ended) {
            if (bytes + budgetBytes / FILES_IN_BUDGET <= budgetBytes) {
                break;
            }
            bytes -= size(file);
            Files.deleteIfExists(file);
        }
    }

    /** The oldest first. */
    private List<Path> ended() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(stem + ".") && name.endsWith(SUFFIX) && !file.equals(current);
                    })
                    .sorted()
                    .toList();
        }
    }

    /** Bytes of all files. */
    long diskBytes() throws IOException {
        long bytes = size(current);
        for (Path file : ended()) {
            bytes += size(file);
        }
        return bytes;
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Appends whole lines: all of them, or none when there is no room. */
    void append(byte[] lines) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            throw new IOException("no file is open");
        }
        ByteBuffer bytes = ByteBuffer.wrap(lines);
        try {
            while (bytes.hasRemaining()) {
                open.write(bytes, writtenBytes + bytes.position());
            }
        } catch (IOException e) {
            open.truncate(writtenBytes);
            throw e;
        }
        writtenBytes += lines.length;
    }

    @Override
    public void close() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }
}

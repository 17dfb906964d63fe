package io.marchproxy.l3l4.config.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a configuration's file held at one moment. It is read once, and whoever looks at it (for its digest, for its YAML)
 * looks at the same bytes: a pipe gives them only once, and a file may change between two looks.
 *
 * <p>Reading is bounded in size and in time, whatever the path leads to: a file that is too large, a pipe that nobody
 * writes to or a file server that does not answer end as a problem in words, not as an exhausted heap or a stuck thread.
 */
public final class ConfigContent {
    /** At the most, in bytes. */
    public static final int LONGEST_BYTES = 16 * 1024 * 1024;

    /** Of a file of prefixes at the most. */
    private static final int LONGEST_TABLE_BYTES = 128 * 1024 * 1024;

    /** How long a whole reading may take: whoever decrypts a file into a pipe needs seconds, a disk milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int TYPE_MASK = 0xf000;
    private static final int PIPE = 0x1000;
    private static final byte[] NOTHING = {};

    private final byte[] bytes;
    private final String problem;
    private final boolean gone;
    private final boolean pipe;

    private ConfigContent(byte[] bytes, String problem, boolean gone, boolean pipe) {
        this.bytes = bytes;
        this.problem = problem;
        this.gone = gone;
        this.pipe = pipe;
    }

    /** Reads a file, or a pipe to its end. Never throws: what goes wrong is a problem of the content. */
    public static ConfigContent read(Path path) {
        return read(path, true, PATIENCE);
    }

    /** Reads a file as {@link #read} does, and refuses a pipe: for a second look, which finds a pipe empty. */
    public static ConfigContent readFile(Path path) {
        return read(path, false, PATIENCE);
    }

    /** Reads a file of prefixes as {@link #readFile} does; it may have 128 MiB. */
    public static ConfigContent readTable(Path path) {
        return read(path, false, PATIENCE, LONGEST_TABLE_BYTES);
    }

    static ConfigContent read(Path path, boolean takesPipe, Duration patience) {
        return read(path, takesPipe, patience, LONGEST_BYTES);
    }

    private static ConfigContent read(Path path, boolean takesPipe, Duration patience, int longestBytes) {
        CompletableFuture<ConfigContent> content = new CompletableFuture<>();
        // A thread that hangs in open(2) or read(2) cannot be interrupted, only left behind.
        Thread.ofPlatform().daemon().name("config-read").start(() -> {
            try {
                content.complete(open(path, takesPipe, longestBytes));
            } catch (NoSuchFileException _) {
                content.complete(new ConfigContent(NOTHING, "does not exist", true, false));
            } catch (AccessDeniedException _) {
                content.complete(broken("may not be read by this user"));
            } catch (IOException | RuntimeException e) {
                content.complete(broken("cannot be read: " + e.getMessage()));
            }
        });
        try {
            return content.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return broken("gave no end within " + patience.toSeconds() + " s"
                    + (isPipe(path) ? ": is nobody writing to the pipe?" : ": does its file system answer?"));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return broken("was not read to its end: interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException("completed with nothing but contents", e);
        }
    }

    private static ConfigContent open(Path path, boolean takesPipe, int longestBytes) throws IOException {
        boolean pipe = isPipe(path);
        if (Files.isDirectory(path)) {
            return broken("cannot be read: it is a directory");
        }
        if (pipe && !takesPipe) {
            return broken("is a pipe, which can be read at the start alone: put a file in its place");
        }
        if (Files.exists(path) && !Files.isRegularFile(path) && !pipe) {
            return broken("cannot be read: it is a device or a socket; give a file or a pipe");
        }
        try (InputStream in = Files.newInputStream(path)) {
            // The size that a file claims is not asked for: those of /proc claim none.
            byte[] bytes = in.readNBytes(longestBytes + 1);
            return bytes.length > longestBytes
                    ? broken("is larger than " + (longestBytes >> 20) + " MiB")
                    : new ConfigContent(bytes, "", false, pipe);
        }
    }

    private static boolean isPipe(Path path) {
        try {
            return ((Integer) Files.getAttribute(path, "unix:mode") & TYPE_MASK) == PIPE;
        } catch (IOException | UnsupportedOperationException _) {
            return false;
        }
    }

    private static ConfigContent broken(String problem) {
        return new ConfigContent(NOTHING, problem, false, false);
    }

    /** The bytes; none when there is a problem. Not to be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** Why it could not be read, to be said after the name of the file. */
    public Optional<String> problem() {
        return problem.isEmpty() ? Optional.empty() : Optional.of(problem);
    }

    /** Whether there is no such file. */
    public boolean gone() {
        return gone;
    }

    /** Whether it came through a pipe, and so can neither be read again nor be watched. */
    public boolean pipe() {
        return pipe;
    }

    /** Equal for equal contents and for equal problems. */
    public String digest() {
        if (!problem.isEmpty()) {
            return problem;
        }
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.Reason;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that a command writes. What has its name already stays until the new one is whole: that is written beside it and takes its
 * place by {@link #complete}; without that, nothing is left of it. What is no regular file (a pipe, a device) is written as it is.
 */
public final class ResultFile implements AutoCloseable {
    private final Path file;
    private final Path written;

    /**
     * A file before anything is written.
     *
     * @throws UnreadableException when there can't be such a file
     */
    public ResultFile(Path named) throws IOException {
        if (Files.isDirectory(named)) {
            throw new UnreadableException(named + " can't be written: it is a folder");
        }
        boolean isThere = Files.exists(named);
        // A link goes on pointing to where it points.
        file = isThere ? named.toRealPath() : named.toAbsolutePath();
        written = isThere && !Files.isRegularFile(file) ? file : beside(named);
    }

    private Path beside(Path named) throws IOException {
        Path unfinished = file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".unfinished");
        try {
            Files.deleteIfExists(unfinished);
            Files.createFile(unfinished);
        } catch (NoSuchFileException e) {
            throw new UnreadableException(named + " can't be written: there is no folder " + file.getParent());
        } catch (AccessDeniedException e) {
            throw new UnreadableException(
                    named + " can't be written: no permission to write to the folder " + file.getParent());
        }
        unfinished.toFile().deleteOnExit();
        return unfinished;
    }

    /** Where to write; it is there and empty, or is no regular file. */
    public Path path() {
        return written;
    }

    /** Opens it; a failure names the file. */
    public OutputStream open() throws IOException {
        return new BufferedOutputStream(new FilterOutputStream(Files.newOutputStream(written)) {
            @Override
            public void write(byte[] bytes, int from, int count) throws IOException {
                try {
                    out.write(bytes, from, count);
                } catch (IOException e) {
                    throw notWritten(file, e);
                }
            }

            @Override
            public void write(int octet) throws IOException {
                write(new byte[] {(byte) octet}, 0, 1);
            }
        });
    }

    /** All of it is written, and closed: it takes its name. */
    public void complete() throws IOException {
        if (!written.equals(file)) {
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** Writes a text. */
    static void write(Path named, String text) throws IOException {
        try (ResultFile result = new ResultFile(named)) {
            try {
                Files.writeString(result.path(), text);
            } catch (IOException e) {
                throw notWritten(named, e);
            }
            result.complete();
        }
    }

    /**
     * What to tell when one could not be written.
     *
     * @param error why; null where that is not known
     */
    public static UnreadableException notWritten(Path named, @Nullable IOException error) {
        String reason = error == null ? "the disk is full, or who reads it is gone" : Reason.of(error);
        return new UnreadableException(named + " can't be written: " + reason);
    }

    /** Takes away what was not completed. */
    @Override
    public void close() throws IOException {
        if (!written.equals(file)) {
            Files.deleteIfExists(written);
        }
    }
}

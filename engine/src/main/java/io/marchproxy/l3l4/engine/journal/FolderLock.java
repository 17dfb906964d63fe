package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process out of a folder; goes with the process, however that ends. Who removes or renames the folder removes
 * the lock: {@link #renew} takes it again. One thread at a time.
 */
final class FolderLock implements AutoCloseable {
    private static final String NAME = "lock";

    private final Path folder;
    private FileChannel channel;
    private @Nullable Object key;

    private FolderLock(Path folder, FileChannel channel, @Nullable Object key) {
        this.folder = folder;
        this.channel = channel;
        this.key = key;
    }

    /**
     * Takes the folder, which is made when it is not there.
     *
     * @throws JournalException when another process has it
     */
    static FolderLock take(Path folder) throws IOException {
        FileChannel locked = lock(folder);
        return new FolderLock(folder, locked, key(folder));
    }

    /** Takes the folder again if it is not the one any more that was taken. */
    void renew() throws IOException {
        if (!isThere()) {
            FileChannel before = channel;
            channel = lock(folder);
            key = key(folder);
            before.close();
        }
    }

    private boolean isThere() throws IOException {
        try {
            return Objects.equals(key, key(folder));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static @Nullable Object key(Path folder) throws IOException {
        return Files.readAttributes(folder.resolve(NAME), BasicFileAttributes.class)
                .fileKey();
    }

    private static FileChannel lock(Path folder) throws IOException {
        Files.createDirectories(folder);
        FileChannel opened =
                FileChannel.open(folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (opened.tryLock() != null) {
                return opened;
            }
        } catch (OverlappingFileLockException e) {
            // This process has it, in another service.
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        opened.close();
        throw new JournalException("journal: " + folder + " is in use by another process; give each its own data-dir");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

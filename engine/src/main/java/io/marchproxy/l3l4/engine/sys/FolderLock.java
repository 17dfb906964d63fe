package io.marchproxy.l3l4.engine.sys;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A lock on a folder that keeps a second process out. It goes with the process, however that ends. */
public final class FolderLock implements AutoCloseable {
    private final FileChannel file;

    private FolderLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes the lock of a folder, which is made when it is not there.
     *
     * @return null when another has it
     */
    public static @Nullable FolderLock take(Path folder) throws IOException {
        Files.createDirectories(folder);
        FileChannel file =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (file.tryLock() != null) {
                return new FolderLock(file);
            }
        } catch (OverlappingFileLockException e) {
            // another service in this very process
        } catch (IOException e) {
            file.close();
            throw e;
        }
        file.close();
        return null;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // The lock is gone with the process at the latest.
        }
    }
}

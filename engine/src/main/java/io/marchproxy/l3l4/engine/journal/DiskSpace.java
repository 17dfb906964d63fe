package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much room a disk has, and how much of it what is kept leaves to others: a fiftieth, from 4 MiB to 1 GiB. */
public final class DiskSpace {
    private static final long LEAST_RESERVE = 4L << 20;
    private static final long MOST_RESERVE = 1L << 30;
    private static final int SHARE = 50;

    private DiskSpace() {}

    /** Refuses to go on when the reserve is reached; the folder is there. */
    public static void require(Path folder) throws IOException {
        if (isFull(folder)) {
            throw new DiskFullException(folder);
        }
    }

    /** Refuses to go on when so many bytes more would reach into the reserve. */
    public static void require(Path folder, long bytes) throws IOException {
        FileStore disk = Files.getFileStore(folder);
        if (disk.getUsableSpace() - bytes <= reserve(disk)) {
            throw new DiskFullException(folder);
        }
    }

    /** Whether no more than the reserve is free. */
    public static boolean isFull(Path folder) throws IOException {
        FileStore disk = Files.getFileStore(folder);
        return disk.getUsableSpace() <= reserve(disk);
    }

    /** Whether twice the reserve is free, so that it is worth beginning again. */
    public static boolean hasRoomAgain(Path folder) throws IOException {
        FileStore disk = Files.getFileStore(folder);
        return disk.getUsableSpace() > 2 * reserve(disk);
    }

    private static long reserve(FileStore disk) throws IOException {
        return Math.clamp(disk.getTotalSpace() / SHARE, LEAST_RESERVE, MOST_RESERVE);
    }
}

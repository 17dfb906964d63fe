package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
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
        if (usable(folder) - bytes <= reserve(folder)) {
            throw new DiskFullException(folder);
        }
    }

    /** Whether no more than the reserve is free. */
    public static boolean isFull(Path folder) throws IOException {
        return usable(folder) <= reserve(folder);
    }

    /** Whether twice the reserve is free, so that it is worth beginning again. */
    public static boolean hasRoomAgain(Path folder) throws IOException {
        return usable(folder) > 2 * reserve(folder);
    }

    private static long reserve(Path folder) throws IOException {
        return Math.clamp(total(folder) / SHARE, LEAST_RESERVE, MOST_RESERVE);
    }

    private static long usable(Path folder) {
        return folder.toFile().getUsableSpace();
    }

    /** By one system call each: a {@link java.nio.file.FileStore} reads the table of mounts first, for every MiB that is recorded. */
    private static long total(Path folder) throws IOException {
        long bytes = folder.toFile().getTotalSpace();
        if (bytes == 0) {
            throw new IOException("the size of the disk of " + folder + " can't be told; is the folder there?");
        }
        return bytes;
    }
}

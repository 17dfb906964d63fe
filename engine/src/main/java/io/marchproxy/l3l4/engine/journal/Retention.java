package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a journal folder within its budget and age by deleting whole files, the oldest first and never the newest. One thread. */
final class Retention {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final int FILES_IN_BUDGET = 8;
    private static final long SMALLEST_FILE = 1 << 20;
    private static final long LARGEST_FILE = 256 << 20;
    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyyMMdd-HHmm");
    private static final String SUFFIX = ".cq4";
    private static final String OLD_SUFFIX = ".cq4.old";

    /** Chronicle's own list of files and locks, which it makes anew. */
    private static final String TABLE = "metadata.cq4t";

    private final Path folder;
    private final long budgetBytes;
    private final long maxAgeMs;

    Retention(Path folder, long budgetBytes, long maxAgeMs) {
        this.folder = folder;
        this.budgetBytes = budgetBytes;
        this.maxAgeMs = maxAgeMs;
    }

    /** How long a file gets: an eighth of the budget, from 1 to 256 MiB. */
    long fileBytes() {
        return Math.clamp(budgetBytes / FILES_IN_BUDGET, SMALLEST_FILE, LARGEST_FILE);
    }

    /** Deletes what is too old, and as much as makes room for one more file. */
    void prune(long wallMs) {
        try {
            List<Path> files = files(folder);
            long bytes = 0;
            for (Path file : files) {
                bytes += size(file);
            }
            // By when a file was last written: the clock may have been set since, and a file in the future is not old.
            for (Path file : files.subList(0, Math.max(files.size() - 1, 0))) {
                boolean isOld = wallMs - Files.getLastModifiedTime(file).toMillis() > maxAgeMs;
                if (!isOld && bytes + fileBytes() <= budgetBytes) {
                    break;
                }
                bytes -= size(file);
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.warn("journal: can't delete old files in {}: {}", folder, e.toString());
        }
    }

    /** Bytes that the files take. */
    long diskBytes() {
        try {
            long bytes = 0;
            for (Path file : files(folder)) {
                bytes += size(file);
            }
            return bytes;
        } catch (IOException e) {
            return 0;
        }
    }

    /** The number of the newest file, minutes since 1970; 0 when there is none. */
    long lastCycle() throws IOException {
        List<Path> files = files(folder);
        if (files.isEmpty()) {
            return 0;
        }
        try {
            return TimeUnit.SECONDS.toMinutes(
                    LocalDateTime.parse(stem(files.getLast()), MINUTE).toEpochSecond(ZoneOffset.UTC));
        } catch (DateTimeParseException e) {
            return 0;
        }
    }

    /** A folder's queue files, the oldest first, as their names say. */
    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> isQueueFile(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isQueueFile(String name) {
        return name.endsWith(SUFFIX) || name.endsWith(OLD_SUFFIX);
    }

    /** A queue file's name without what follows the minute, which may change. */
    static String stem(Path file) {
        String name = file.getFileName().toString();
        int end = name.indexOf(SUFFIX);
        return end < 0 ? name : name.substring(0, end);
    }

    /**
     * Puts files where Chronicle does not look, since it can't go on from what they hold; readers find them still.
     *
     * @return false when there is none
     */
    static boolean setAside(Path folder) throws IOException {
        boolean any = Files.deleteIfExists(folder.resolve(TABLE));
        for (Path file : files(folder)) {
            if (!file.getFileName().toString().endsWith(OLD_SUFFIX)) {
                Files.move(file, file.resolveSibling(stem(file) + OLD_SUFFIX));
                any = true;
            }
        }
        return any;
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }
}

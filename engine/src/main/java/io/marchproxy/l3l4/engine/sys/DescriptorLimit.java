package io.marchproxy.l3l4.engine.sys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The process's soft limit of file descriptors (RLIMIT_NOFILE), as {@code /proc} shows it. */
public final class DescriptorLimit {
    /** Stands for no limit. */
    public static final long UNLIMITED = Integer.MAX_VALUE;

    private static final String LABEL = "Max open files";

    private DescriptorLimit() {}

    /**
     * The limit of this process.
     *
     * @throws IOException where there is no {@code /proc}
     */
    public static long ofThisProcess() throws IOException {
        return soft(Files.readAllLines(Path.of("/proc/self/limits")));
    }

    /** The soft limit out of the lines of {@code /proc/self/limits}. */
    public static long soft(List<String> lines) {
        for (String line : lines) {
            if (line.startsWith(LABEL)) {
                String soft = line.substring(LABEL.length()).strip().split("\\s+", 2)[0];
                return soft.equals("unlimited") ? UNLIMITED : Long.parseLong(soft);
            }
        }
        return UNLIMITED;
    }
}

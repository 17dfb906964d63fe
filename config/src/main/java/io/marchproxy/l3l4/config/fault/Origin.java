package io.marchproxy.l3l4.config.fault;

import org.jspecify.annotations.Nullable;

/** Where a value was written: what a fault points at, and what {@code check --show} names beside each value. */
public sealed interface Origin {
    /** As a user finds it, such as {@code proxy.yaml:12} or {@code flag --admin-port}. */
    String place();

    /**
     * What a message calls the key: its path in a file, under the name that the file uses; nothing for flags and variables,
     * whose place says it all.
     *
     * @param path such as {@code admin.port}
     */
    default String label(String path) {
        return "";
    }

    /** For sorting: files by line, then variables, then flags. */
    default int rank() {
        return Integer.MAX_VALUE;
    }

    /**
     * A line of a file.
     *
     * @param file as the user named it
     * @param line from 1
     * @param writtenAs the older name under which the key was written, or null when it has its own
     */
    record Line(String file, int line, @Nullable String writtenAs) implements Origin {
        public Line(String file, int line) {
            this(file, line, null);
        }

        @Override
        public String place() {
            return file + ":" + line;
        }

        @Override
        public String label(String path) {
            return writtenAs == null ? path : writtenAs;
        }

        @Override
        public int rank() {
            return line;
        }
    }

    /**
     * A line of a file that a configuration names. Told after the configuration's own.
     *
     * @param file as it is opened
     * @param line from 1; 0 for the file as a whole
     */
    record Row(String file, int line) implements Origin {
        private static final int BEHIND_LINES = 1 << 30;

        @Override
        public String place() {
            return line == 0 ? file : file + ":" + line;
        }

        @Override
        public int rank() {
            return BEHIND_LINES + line;
        }
    }

    /** An environment variable. */
    record Variable(String name) implements Origin {
        @Override
        public String place() {
            return "environment variable " + name;
        }
    }

    /** A flag, with its dashes. */
    record Flag(String name) implements Origin {
        @Override
        public String place() {
            return "flag " + name;
        }
    }

    /** What was written nowhere. */
    enum Unwritten implements Origin {
        /** Nothing was written: the default holds. */
        DEFAULT("default"),
        /** The command as a whole, for what is missing from it. */
        COMMAND_LINE("command line");

        private final String place;

        Unwritten(String place) {
            this.place = place;
        }

        @Override
        public String place() {
            return place;
        }

        @Override
        public String label(String path) {
            return path;
        }
    }
}

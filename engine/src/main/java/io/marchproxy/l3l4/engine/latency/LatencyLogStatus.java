package io.marchproxy.l3l4.engine.latency;

import java.util.Locale;

/**
 * A shard's latency log as of one moment.
 *
 * @param lines written since the start
 * @param lostLines that could not be written, and never will be
 * @param diskBytes of all its files
 */
public record LatencyLogStatus(int shard, State state, long lines, long lostLines, long diskBytes) {
    /** What the log is doing. */
    public enum State {
        WRITING,
        /** There is no room on the disk; it goes on by itself when there is. */
        DISK_FULL,
        /** Writing failed; it tries again with each interval. */
        FAILED,
        CLOSED;

        /** As shown. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}

package io.marchproxy.l3l4.engine.journal;

import java.util.Locale;

/**
 * A shard's journal as of one moment.
 *
 * @param records that were written to a file
 * @param lostRecords that were not, and never will be
 * @param waitingBytes in the ring, on their way to a file
 * @param diskBytes of all its files
 * @param checkpoints on their way to a file, or there
 * @param checkpointsGivenUp for want of room beside the traffic
 * @param state in one word
 */
public record JournalStatus(
        int shard,
        State state,
        long records,
        long lostRecords,
        long bytes,
        long waitingBytes,
        long diskBytes,
        long checkpoints,
        long checkpointsGivenUp) {
    /** What a journal is doing. */
    public enum State {
        /** It is being opened; what comes meanwhile waits in the ring. */
        OPENING,
        RECORDING,
        /** There is no room on the disk; it goes on by itself when there is. */
        DISK_FULL,
        /** Writing failed; it tries again by itself. */
        FAILED,
        CLOSED;

        /** As shown. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}

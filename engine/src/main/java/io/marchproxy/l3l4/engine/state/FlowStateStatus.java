package io.marchproxy.l3l4.engine.state;

import java.util.Locale;

/**
 * The flow state as of one moment.
 *
 * @param flows that are remembered
 * @param maxFlows of these at the most
 * @param written times that a flow was written
 * @param lost times that a flow was not: a ring was full, or the map can't be written
 * @param evicted flows forgotten to make room for others
 * @param expired flows forgotten since they were not seen for {@code max-age}
 * @param restored UDP sessions that every shard was told of at the start
 * @param waitingBytes on their way to the map, all shards together
 * @param diskBytes of the map
 */
public record FlowStateStatus(
        State state,
        long flows,
        long maxFlows,
        long written,
        long lost,
        long evicted,
        long expired,
        long restored,
        long waitingBytes,
        long diskBytes) {
    /** What the flow state is doing. */
    public enum State {
        /** It is being opened; what comes meanwhile waits in the rings. */
        OPENING,
        WRITING,
        /** The disk has no room for the map; it tries again by itself. */
        DISK_FULL,
        /** Opening or writing failed; it tries again by itself. */
        FAILED,
        CLOSED;

        /** As shown. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}

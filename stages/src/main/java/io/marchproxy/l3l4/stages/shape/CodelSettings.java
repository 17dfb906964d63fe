package io.marchproxy.l3l4.stages.shape;

/**
 * How queues of datagrams are kept short (RFC 8289).
 *
 * @param targetNs how long packets may wait for ever
 * @param intervalNs how long they may wait longer than that before one is marked or dropped, at least the target; 0 for never
 */
public record CodelSettings(long targetNs, long intervalNs) {
    /** Packets wait as long as there is room. */
    public static final CodelSettings OFF = new CodelSettings(0, 0);

    /** The square must be a long. */
    private static final long LONGEST_INTERVAL_NS = 3_000_000_000L;

    public CodelSettings {
        if (targetNs < 0 || targetNs > intervalNs || intervalNs > LONGEST_INTERVAL_NS) {
            throw new IllegalArgumentException(
                    "a target of " + targetNs + " ns in an interval of " + intervalNs + " ns");
        }
    }

    /** Whether anything is ever marked or dropped for having waited. */
    public boolean isOn() {
        return intervalNs != 0;
    }
}

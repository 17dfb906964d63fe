package io.marchproxy.l3l4.replay.diff;

import java.util.List;

/**
 * Bytes that left, over time.
 *
 * @param beginMs when the first bucket begins, in milliseconds since 1970
 * @param widthMs of a bucket
 * @param bytes in each bucket
 */
public record Timeline(long beginMs, long widthMs, List<Long> bytes) {
    public Timeline {
        bytes = List.copyOf(bytes);
    }

    /** When the last bucket ends. */
    long endMs() {
        return beginMs + widthMs * bytes.size();
    }
}

package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.packet.Direction;
import org.jspecify.annotations.Nullable;

/**
 * Some of the traffic, in one direction, before and after.
 *
 * @param name of what its packets have in common
 * @param detail more about that; may be empty
 * @param direction that it flows in; null for both together
 * @param timelines over time; null where they are not kept
 */
public record Row(
        String name,
        String detail,
        @Nullable Direction direction,
        Figures before,
        Figures after,
        @Nullable Timelines timelines) {
    /** Bytes that left over time, before and after. */
    public record Timelines(Timeline before, Timeline after) {}
}

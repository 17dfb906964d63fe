package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What became of some of the traffic under one configuration.
 *
 * @param connections that were let in towards a backend, those tried again included
 * @param packets that left
 * @param droppedPackets refused and failed connections count as one each, without bytes
 * @param drops packets by reason
 * @param waitingPackets held still when the recording ended
 * @param cost of the bytes that left backends, in the currency that the configuration means
 */
public record Figures(
        long connections,
        long packets,
        long bytes,
        long droppedPackets,
        long droppedBytes,
        Map<DropReason, Long> drops,
        long waitingPackets,
        long waitingBytes,
        DelayFigures delay,
        RateFigures rate,
        double cost) {
    public Figures {
        Map<DropReason, Long> sorted = new EnumMap<>(DropReason.class);
        sorted.putAll(drops);
        drops = Collections.unmodifiableMap(sorted);
    }

    boolean isEmpty() {
        return connections == 0 && packets == 0 && droppedPackets == 0 && waitingPackets == 0;
    }
}

package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;
import java.util.EnumMap;
import java.util.Map;

/** The times of one shard, each point written by one thread and read by any. */
public final class ShardLatency {
    private final Map<LatencyPoint, ResidenceTimes> times = new EnumMap<>(LatencyPoint.class);

    ShardLatency(Pipeline pipeline) {
        for (LatencyPoint point : LatencyPoint.values()) {
            times.put(
                    point,
                    switch (point) {
                        case RING -> pipeline.waits();
                        case HOLD -> pipeline.holds();
                        default -> new ResidenceTimes();
                    });
        }
    }

    /** The times at a point. */
    public ResidenceTimes at(LatencyPoint point) {
        ResidenceTimes found = times.get(point);
        if (found == null) {
            throw new IllegalArgumentException(point.label());
        }
        return found;
    }
}

package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.function.ToLongFunction;

/** Holding stages with release times of the test's choosing, for tests of other packages. */
public final class ShapeStages {
    private ShapeStages() {}

    /** A stage that holds each packet for as long as a function of it says. */
    public static HoldingStage delaying(ShapeSettings settings, ToLongFunction<PacketDescriptor> delayNs) {
        return new DelayStage(settings, (packet, nowNs) -> nowNs + delayNs.applyAsLong(packet));
    }
}

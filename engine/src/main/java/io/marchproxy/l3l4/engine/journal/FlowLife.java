package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What an event means for its flow's life, once it was decided about: the same for who records flows and for who finds them in
 * recorded packets. Ends that the pipeline makes by itself are told by {@code Journal.flowEnded}.
 */
public final class FlowLife {
    private FlowLife() {}

    /** Why the event's flow ends with it; null when it does not. */
    public static @Nullable FlowEnd endedBy(PacketDescriptor event, Verdict verdict) {
        EventKind kind = event.kind();
        if (verdict == Verdict.DROP && (isNew(event) || kind == EventKind.CONNECT_FAILED)) {
            return FlowEnd.REFUSED;
        }
        if (kind == EventKind.CLOSED) {
            return FlowEnd.CLOSED;
        }
        return kind == EventKind.RESET && verdict == Verdict.FORWARD && !isNew(event) ? FlowEnd.RESET : null;
    }

    /** Whether the event's flow begins with it; a packet that is held begins it when it begins to wait. */
    public static boolean isBegunBy(PacketDescriptor event, Verdict verdict) {
        return isNew(event)
                && verdict != Verdict.DROP
                && (verdict == Verdict.HOLD || (event.flags() & DescriptorFlags.WAS_HELD) == 0);
    }

    private static boolean isNew(PacketDescriptor event) {
        return (event.flags() & DescriptorFlags.NEW_FLOW) != 0 && event.kind() != EventKind.RESET;
    }
}

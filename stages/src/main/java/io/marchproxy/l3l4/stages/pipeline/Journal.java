package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** Hears of every event that enters the pipeline and of every decision, in order. Called by the pipeline's thread. */
public interface Journal {
    /** Records nothing. */
    Journal NONE = new Journal() {
        @Override
        public void handled(PacketDescriptor event, Verdict verdict) {
            // journalling is off
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
            // journalling is off
        }
    };

    /** An event was handled; the descriptor carries what came in and what was decided. */
    void handled(PacketDescriptor event, Verdict verdict);

    /** The pipeline ended a flow by itself. */
    void flowEnded(long flowRef, FlowEnd reason, long nowNs);
}

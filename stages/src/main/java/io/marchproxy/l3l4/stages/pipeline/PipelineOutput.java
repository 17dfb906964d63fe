package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * Where packets go when the stages have decided. The descriptor is lent for the call: who wants to keep it moves it out.
 * Called by the thread that owns the pipeline.
 */
public interface PipelineOutput {
    /** The packet (or the event that follows the packets: OPEN, CONNECTED, CONNECT_FAILED, FIN, RESET, SNAPSHOT) leaves as decided. */
    void forward(PacketDescriptor packet);

    /** The packet was dropped and already counted in the books; what it holds is to be given back. */
    void drop(PacketDescriptor packet, DropReason reason);

    /**
     * The pipeline ended a flow by itself: idle for too long, its replies complete, evicted. Not called for a flow that
     * ended by a CLOSED event, by RESET, or by a dropped OPEN or CONNECT_FAILED.
     *
     * @param flowRef as {@link PacketDescriptor#flowRef()}; no longer valid in the flow table
     */
    void flowEnded(long flowRef, FlowEnd reason);
}

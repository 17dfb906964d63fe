package io.marchproxy.l3l4.engine.flow;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;

/** The way out of a pipeline that is only asked what it decides: nothing is sent, and there are no sockets. */
public final class NoOutput implements PipelineOutput {
    @Override
    public void forward(PacketDescriptor packet) {
        // nothing is sent
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        // nothing is held
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        // there is no socket
    }
}

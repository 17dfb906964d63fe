package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;

/** What a descriptor's endpoint is to the egress: a connection or session that acts on what the stages decided. Egress thread. */
public interface Endpoint {
    /** Does what the stages decided: sends the payload, connects, half-closes. The descriptor is lent for the call; the payload is taken. */
    void forward(PacketDescriptor packet);

    /** Gives back what the dropped packet holds; a dropped OPEN or CONNECT_FAILED ends the connection. The books are kept already. */
    void drop(PacketDescriptor packet, DropReason reason);

    /** The pipeline ended the flow: close its sockets, once what was accepted has been sent. */
    void flowEnded(long flowRef, FlowEnd reason);
}

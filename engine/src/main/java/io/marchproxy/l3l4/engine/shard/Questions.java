package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * What a connection or session asks its backend, one question at a time: it begins with the first bytes that go there, and ends with the
 * first that come back, as far as clients see it. Egress thread.
 *
 * <p>Timed from when the one leaves to when the other does, since it is what leaves that a backend's silence is told by: what a rate here
 * holds back of a question is no time of the backend's, and what is held back of an answer looks as if it had not come yet.
 */
public final class Questions {
    private final ShardEgress egress;

    /** Whether something was sent to the backend that nothing has answered yet. */
    private boolean asked;

    /** When that had left. */
    private long askedNs;

    /** Nothing was asked yet. */
    public Questions(ShardEgress egress) {
        this.egress = egress;
    }

    /** Counts a packet that leaves, if it begins a question or an answer. */
    public void leaves(PacketDescriptor packet) {
        boolean asks = packet.direction() == Direction.TO_BACKEND;
        int backend = packet.backend();
        if (asks == asked || backend == PacketDescriptor.NO_BACKEND) {
            return;
        }
        asked = asks;
        if (asks) {
            askedNs = packet.releaseNs();
            egress.asked(backend);
        } else {
            egress.answered(backend, packet.releaseNs() - askedNs);
        }
    }

    /** Whom it asked is not its backend any more. */
    public void forget() {
        asked = false;
    }
}

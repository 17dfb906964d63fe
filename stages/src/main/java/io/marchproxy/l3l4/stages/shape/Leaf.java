package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A service's packets of one class, in one direction: its clients take turns by deficit (see {@link Schedule}). */
final class Leaf extends ByteTurns.Member<Leaf> {
    /**
     * How many times what is left of a class's bound a service may hold of it (Choudhury, Hahne, "Dynamic Queue Length Thresholds
     * for Shared-Memory Packet Switches", 1998): eight ninths alone; n that want more leave a part of 8n + 1 to those that come.
     */
    private static final long SHARE_OF_ROOM = 8;

    /** How far a client may go with what is left to its service: {@link #hasRoom}. */
    private static final long REACH = 12;

    final ServiceNode service;
    final ClassNode trafficClass;

    /** The only leaf of its direction with this number. */
    final int number;

    /** Its clients that may send; who waits for its ceiling is not among them, nor is who has nothing but queues that do. */
    final ByteTurns<ClientNode> turns = new ByteTurns<>();

    /** Datagrams that wait. */
    int datagrams;

    Leaf(ServiceNode service, ClassNode trafficClass) {
        this.service = service;
        this.trafficClass = trafficClass;
        this.number = service.number * Schedule.CLASSES + trafficClass.number;
    }

    /** Counts what begins to wait in it, or no longer does. */
    void count(PacketDescriptor packet, int sign) {
        int more = sign * ClientQueue.datagrams(packet);
        service.held += sign;
        datagrams += more;
        trafficClass.heldDatagrams += more;
    }

    /** Whether there is nobody whose turn it could be. */
    boolean isEmpty() {
        return turns.isEmpty();
    }

    /** Whose turn it is; there must be somebody. */
    ClientQueue turn() {
        return turns.turn().turns.turn();
    }

    /**
     * Whether there is room for more datagrams of a queue. First its service must have some left, by {@link #SHARE_OF_ROOM}. Of
     * that a client may hold the more, the more is left: ({@link #REACH} × what is left)² by the bound. So one alone has four
     * fifths of the bound, and many leave room to another as long as there are fewer of them than datagrams may wait; were it eight
     * times what is left, a hundred would use it up. Where connections have ceilings, what one holds counts twice: so it
     * leaves room to its client's others.
     */
    boolean hasRoom(@Nullable ClientNode client, @Nullable ClientQueue queue, int more) {
        long bound = trafficClass.boundPackets;
        long room = bound - trafficClass.heldDatagrams;
        // Each datagram more makes what its service may hold less by eight.
        long left = Math.ceilDiv(SHARE_OF_ROOM * room - datagrams, SHARE_OF_ROOM + 1);
        long held = client == null ? 0L : client.datagrams;
        if (queue != null && service.connection.isSet()) {
            held += queue.datagrams;
        }
        // A run that is longer than the bound still finds room where nothing waits.
        return (more <= left && (held + more) * bound <= REACH * left * REACH * left)
                || trafficClass.heldDatagrams == 0;
    }

    /** Writes a leaf, or that nothing of it ever waited. */
    static void save(@Nullable Leaf leaf, HeldPackets held, StateWriter to) {
        if (leaf == null) {
            to.number(0);
        } else {
            to.number(1);
            leaf.save(held, to);
        }
    }

    /** Writes its clients that have turns, in their order, and what waits of each. */
    private void save(HeldPackets held, StateWriter to) {
        saveTurn(to);
        turns.save(to);
        List<ClientNode> clients = turns.inOrder();
        to.number(clients.size());
        for (ClientNode client : clients) {
            client.save(held, to);
        }
    }
}

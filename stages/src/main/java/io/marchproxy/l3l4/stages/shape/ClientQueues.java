package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The clients of all leaves of one direction, and their queues: how they are found, begin and end. */
final class ClientQueues extends SingleWriter {
    private final HeldPackets packets;
    private final EachCeilings each;
    private final LeafTable<ClientNode> clients;
    private final LeafTable<ClientQueue> queues;

    /** The last number that was given to a client or a queue. */
    private long lastNumber;

    ClientQueues(HeldPackets packets, EachCeilings each, FlowHash hash) {
        this.packets = packets;
        this.each = each;
        this.clients = new LeafTable<>(hash, ClientNode::new);
        this.queues = new LeafTable<>(hash, ClientQueue::new);
    }

    /** The queue of a client, or of one of its connections where those have ceilings; null when nothing of it waits. */
    @Nullable
    ClientQueue find(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        return queues.find(leaf, clientHigh, clientLow, flowOf(leaf, flowRef));
    }

    private static long flowOf(Leaf leaf, long flowRef) {
        return leaf.service.connection.isSet() ? flowRef : 0;
    }

    /** As who a client has turns, whose ceilings were asked for; null when nothing of it waits. */
    @Nullable
    ClientNode findClient(Leaf leaf, long clientHigh, long clientLow) {
        return each.isClientShared()
                ? clients.find(leaf, EachBuckets.SHARED, EachBuckets.SHARED, 0)
                : clients.find(leaf, clientHigh, clientLow, 0);
    }

    /** A queue for who has none, under the ceilings that were asked for; the last to have a turn. */
    ClientQueue add(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        ClientNode client = findClient(leaf, clientHigh, clientLow);
        if (client == null) {
            client = each.isClientShared()
                    ? clients.add(leaf, EachBuckets.SHARED, EachBuckets.SHARED, 0)
                    : clients.add(leaf, clientHigh, clientLow, 0);
            client.begin(++lastNumber, each.ofClient());
        }
        ClientQueue queue = queues.add(leaf, clientHigh, clientLow, flowOf(leaf, flowRef));
        queue.begin(++lastNumber, client, each.ofConnection());
        client.queues++;
        hasTurn(queue);
        return queue;
    }

    /** Lets a queue have turns, and its client, unless that is at its ceiling. */
    static void hasTurn(ClientQueue queue) {
        ClientNode client = queue.client();
        client.turns.add(queue);
        if (!client.isInRing() && !client.forCeiling.isOn) {
            client.leaf().turns.add(client);
        }
    }

    /** Gives up a queue that is empty, and whose turn it was. */
    void remove(ClientQueue queue) {
        ClientNode client = queue.client();
        hasNoTurn(queue);
        queues.remove(queue);
        client.queues--;
        if (client.queues == 0) {
            clients.remove(client);
        }
    }

    /** Takes a queue's turns from it, and its client's, if that has no other that may have them. */
    static void hasNoTurn(ClientQueue queue) {
        ClientNode client = queue.client();
        client.turns.remove(queue);
        if (client.turns.isEmpty()) {
            client.leaf().turns.remove(client);
        }
    }

    /**
     * Has what waits in a leaf be in the queues that it would be in if it came now, in the same order: clients or connections have
     * ceilings that had none, or none any more. Everybody has turns.
     */
    void queueAnew(Leaf leaf, long nowNs) {
        List<Moved> moved = new ArrayList<>();
        for (ClientNode client : leaf.turns.inOrder()) {
            for (ClientQueue queue : client.turns.inOrder()) {
                while (!queue.isEmpty()) {
                    int slot = queue.takeHead(packets);
                    queue.count(packets.at(slot), -1);
                    moved.add(new Moved(slot, queue.clientHigh, queue.clientLow));
                }
                remove(queue);
            }
        }
        for (Moved one : moved) {
            PacketDescriptor packet = packets.at(one.slot);
            each.ask(leaf.service, one.clientHigh, one.clientLow, packet.flowRef(), nowNs);
            ClientQueue queue = find(leaf, one.clientHigh, one.clientLow, packet.flowRef());
            if (queue == null) {
                queue = add(leaf, one.clientHigh, one.clientLow, packet.flowRef());
            }
            queue.count(packet, 1);
            queue.append(one.slot, packets);
        }
    }

    /** A packet on its way to another queue. Its flow may be over, so its client is not to be had from there. */
    private record Moved(int slot, long clientHigh, long clientLow) {}

    /** Where the numbers of clients and queues have got to. */
    long lastNumber() {
        return lastNumber;
    }

    /** Goes on with the numbers of a checkpoint, whose queues are all there. */
    void lastNumber(long number) {
        lastNumber = number;
    }

    /** Takes over a client that was saved, without its queues, or finds it where that was done. */
    ClientNode restoreClient(Leaf leaf, StateReader from) {
        long number = from.number();
        long clientHigh = from.number();
        long clientLow = from.number();
        long deficit = from.number();
        ClientNode client = clients.find(leaf, clientHigh, clientLow, 0);
        if (client == null) {
            client = clients.add(leaf, clientHigh, clientLow, 0);
            client.begin(number, each.ofClient(leaf.service, clientHigh, clientLow));
            client.deficit = deficit;
        }
        return client;
    }

    /** Takes over a queue that was saved, without its packets, whose number is what comes next. */
    ClientQueue restoreQueue(ClientNode client, StateReader from) {
        Leaf leaf = client.leaf();
        long number = from.number();
        ClientQueue queue = queues.add(leaf, from.number(), from.number(), from.number());
        queue.begin(number, client, null);
        queue.deficit = from.number();
        queue.codel.restore(from);
        queue.ceiling = each.ofConnection(leaf.service, queue.flowRef, from.number(0, 1) != 0);
        client.queues++;
        return queue;
    }
}

package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The clients of all leaves of one direction, and their queues: how they are found, begin and end. */
final class ClientQueues extends SingleWriter {
    private final HeldPackets packets;
    private final EachCeilings each;
    private final LeafTable<ClientNode> clients;
    private final LeafTable<ClientQueue> queues;
    private final Debts debts;

    /** The last number that was given to a client or a queue. */
    private long lastNumber;

    ClientQueues(HeldPackets packets, EachCeilings each, FlowTable flows) {
        FlowHash hash = flows.hash();
        this.packets = packets;
        this.each = each;
        this.clients = new LeafTable<>(hash, ClientNode::new);
        this.queues = new LeafTable<>(hash, ClientQueue::new);
        this.debts = new Debts(clients, queues, 2 * flows.capacity());
    }

    /** The queue that a packet of a client belongs in; null when nothing waits there. */
    @Nullable
    ClientQueue find(Leaf leaf, long clientHigh, long clientLow, PacketDescriptor packet) {
        ClientQueue queue = queues.find(leaf, clientHigh, clientLow, flowOf(leaf, packet));
        return queue == null || queue.isEmpty() ? null : queue;
    }

    /**
     * What tells a packet's queue from others of its client. A stream has one by itself: its bytes can't be dropped, so that nothing keeps its queue
     * short, and what is asked over another connection would wait for all of it. Datagrams of a client are together, by which CoDel
     * keeps short what it sends over however many ports; unless each of its sessions has a ceiling.
     */
    private static long flowOf(Leaf leaf, PacketDescriptor packet) {
        return leaf.service.connection.isSet() || ClientQueue.isOfStream(packet) ? packet.flowRef() : 0;
    }

    /** As who a client has turns, whose ceilings were asked for; null when nothing of it waits. */
    @Nullable
    ClientNode findClient(Leaf leaf, long clientHigh, long clientLow) {
        return each.isClientShared()
                ? clients.find(leaf, EachBuckets.SHARED, EachBuckets.SHARED, 0)
                : clients.find(leaf, clientHigh, clientLow, 0);
    }

    /** A queue for who has none, under the ceilings that were asked for; the last to have a turn, or later if it owes for more. */
    ClientQueue add(Leaf leaf, long clientHigh, long clientLow, PacketDescriptor packet) {
        ClientNode client = findClient(leaf, clientHigh, clientLow);
        if (client == null) {
            client = each.isClientShared()
                    ? clients.add(leaf, EachBuckets.SHARED, EachBuckets.SHARED, 0)
                    : clients.add(leaf, clientHigh, clientLow, 0);
        }
        if (client.queues == 0) {
            debts.comesBack(client);
            client.begin(++lastNumber, each.ofClient());
        }
        client.queues++;
        ClientQueue queue = queues.find(leaf, clientHigh, clientLow, flowOf(leaf, packet));
        if (queue != null) {
            debts.comesBack(queue, client);
        } else {
            queue = queues.add(leaf, clientHigh, clientLow, flowOf(leaf, packet));
        }
        queue.begin(++lastNumber, client, each.ofConnection());
        hasTurn(queue);
        return queue;
    }

    /** Lets a queue have turns, and its client, unless that is at its ceiling. */
    static void hasTurn(ClientQueue queue) {
        ClientNode client = queue.client();
        client.turns.add(queue);
        if (!client.hasTurns() && !client.forCeiling.isOn) {
            client.leaf().turns.add(client);
        }
    }

    /** A queue is empty, whose turn it was; what it owes is remembered, and what its client does. */
    void emptied(ClientQueue queue) {
        ClientNode client = queue.client();
        hasNoTurn(queue);
        debts.leaves(queue);
        client.queues--;
        if (client.queues == 0) {
            debts.leaves(client);
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
     * Takes out what waits in a leaf and is to be elsewhere, in the order of their queues, of which all have turns. Each is asked about once,
     * in that order. The rest stays, with its turns.
     */
    List<Moved> take(Leaf leaf, Predicate<PacketDescriptor> isToMove) {
        List<Moved> moved = new ArrayList<>();
        for (ClientNode client : leaf.turns.inOrder()) {
            for (ClientQueue queue : client.turns.inOrder()) {
                int before = HeldPackets.NONE;
                for (int slot = queue.head(); slot != HeldPackets.NONE; ) {
                    int following = packets.next(slot);
                    PacketDescriptor packet = packets.at(slot);
                    if (isToMove.test(packet)) {
                        queue.takeAfter(before, packets);
                        queue.count(packet, -1);
                        leaf.count(packet, -1);
                        moved.add(new Moved(slot, queue.clientHigh, queue.clientLow));
                    } else {
                        before = slot;
                    }
                    slot = following;
                }
                if (queue.isEmpty()) {
                    emptied(queue);
                }
            }
        }
        return moved;
    }

    /** Has a packet that was taken out be in the queue of a leaf that it would be in if it came now. */
    void putBack(Moved one, Leaf leaf, long nowNs) {
        PacketDescriptor packet = packets.at(one.slot);
        leaf.count(packet, 1);
        each.ask(leaf.service, one.clientHigh, one.clientLow, packet.flowRef(), nowNs);
        ClientQueue queue = find(leaf, one.clientHigh, one.clientLow, packet);
        if (queue == null) {
            queue = add(leaf, one.clientHigh, one.clientLow, packet);
        }
        queue.count(packet, 1);
        queue.append(one.slot, packets);
    }

    /** A packet on its way to another queue. Its flow may be over, so its client is not to be had from there. */
    record Moved(int slot, long clientHigh, long clientLow) {}

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
        ClientNode client = restoreAlone(leaf, from);
        if (client.queues == 0) {
            client.ceiling = each.ofClient(leaf.service, client.clientHigh, client.clientLow);
        }
        return client;
    }

    private ClientNode restoreAlone(Leaf leaf, StateReader from) {
        long number = from.number();
        long clientHigh = from.number();
        long clientLow = from.number();
        ClientNode client = clients.find(leaf, clientHigh, clientLow, 0);
        if (client == null) {
            client = clients.add(leaf, clientHigh, clientLow, 0);
            client.begin(number, null);
        }
        client.restoreTurn(from);
        client.turns.restore(from);
        return client;
    }

    /** Takes over a queue that was saved, without its packets, whose number is what comes next. */
    ClientQueue restoreQueue(ClientNode client, StateReader from) {
        ClientQueue queue = restoreAlone(client, from);
        queue.codel.restore(from);
        queue.ceiling = each.ofConnection(client.leaf().service, queue.flowRef, from.number(0, 1) != 0);
        client.queues++;
        return queue;
    }

    private ClientQueue restoreAlone(ClientNode client, StateReader from) {
        long number = from.number();
        ClientQueue queue = queues.add(client.leaf(), from.number(), from.number(), from.number());
        queue.begin(number, client, null);
        queue.restoreTurn(from);
        return queue;
    }

    /** Forgets who has paid. */
    void tidyDebts() {
        debts.tidy();
    }

    /** Writes who owes for turns while nothing of it waits. */
    void saveDebts(StateWriter to) {
        debts.save(to);
    }

    /** Takes over a client that owes. */
    void restoreDebtOfClient(Leaf leaf, StateReader from) {
        debts.remember(restoreAlone(leaf, from));
    }

    /** Takes over a queue that owes, and its client, if that is not here. */
    void restoreDebtOfQueue(Leaf leaf, StateReader from) {
        debts.remember(restoreAlone(restoreAlone(leaf, from), from));
    }
}

package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What waits in one leaf of one stream, or of one client's datagrams (of one of its sessions, where those have ceilings), first in, first out:
 * so no packet overtakes another of its flow.
 *
 * <p>It is this queue that is kept short, and not that of a class or service: as RFC 8290 has it, who fills a queue is
 * marked and dropped, and whose packets hardly wait is not, whatever others of the class do. A queue ends when it is empty, and
 * what was remembered of its delay with it; but not what it owes for its turns ({@link Debts}).
 */
final class ClientQueue extends LeafTable.Entry<ClientQueue> implements Wait.Numbered {
    /** No other of its direction had or has this number. Of those that go on at one time the lowest is first. */
    long number;

    /** Whose it is, while it is used. */
    private @Nullable ClientNode client;

    /** The connection's ceiling, where it has one. */
    @Nullable
    EachBucket ceiling;

    /** While it is at its ceiling, it has no turns. */
    final Wait<ClientQueue> forCeiling = new Wait<>(this);

    /** Datagrams that wait. */
    int datagrams;

    /** Bytes that wait. */
    long bytes;

    final Codel codel = new Codel();

    private int packets;
    private int head = HeldPackets.NONE;
    private int tail = HeldPackets.NONE;

    /** Begins to be filled. */
    void begin(long newNumber, ClientNode newClient, @Nullable EachBucket newCeiling) {
        number = newNumber;
        client = newClient;
        ceiling = newCeiling;
        codel.begin();
    }

    /** Whose it is. */
    ClientNode client() {
        return Objects.requireNonNull(client);
    }

    @Override
    public long waitNumber() {
        return number;
    }

    /** What a packet counts against bounds: nothing, if it is of a stream that is relayed, whose bytes can't be dropped. */
    static int datagrams(PacketDescriptor packet) {
        return isOfStream(packet) ? 0 : packet.packets();
    }

    /** Whether it is of a stream that is relayed: bytes or its end. */
    static boolean isOfStream(PacketDescriptor packet) {
        return packet.protocol() != IpPacket.UDP && !packet.isIpPacket();
    }

    /** Counts what begins to wait, or no longer does. */
    void count(PacketDescriptor packet, int sign) {
        int more = sign * datagrams(packet);
        packets += sign;
        bytes += (long) sign * packet.lengthBytes();
        datagrams += more;
        ClientNode node = client();
        node.datagrams += more;
        if (node.ceiling != null) {
            node.ceiling.held += sign;
        }
        if (ceiling != null) {
            ceiling.held += sign;
        }
    }

    /** Has it and its client pay, each at its ceiling and for its turn. */
    void pay(int paid) {
        ClientNode node = client();
        node.deficit -= paid;
        deficit -= paid;
        if (node.ceiling != null) {
            node.ceiling.bucket.take(paid);
        }
        if (ceiling != null) {
            ceiling.bucket.take(paid);
        }
    }

    /** Whether its ceiling lets so many bytes go on. */
    boolean opens(int next, long nowNs) {
        return ceiling == null || ceiling.bucket.opens(next, nowNs);
    }

    /** When its ceiling, which has just said no, will say yes. */
    long opensNs(long nowNs) {
        return Objects.requireNonNull(ceiling).bucket.opensNs(nowNs);
    }

    boolean isEmpty() {
        return head == HeldPackets.NONE;
    }

    /** The slot of the packet that leaves first. */
    int head() {
        return head;
    }

    void append(int slot, HeldPackets held) {
        if (isEmpty()) {
            head = slot;
        } else {
            held.next(tail, slot);
        }
        tail = slot;
    }

    /** Takes the head off the queue, and frees its slot. */
    void removeHead(HeldPackets held) {
        held.remove(takeHead(held));
    }

    /** Takes the head off the queue; its slot, with nothing after it. */
    int takeHead(HeldPackets held) {
        return takeAfter(HeldPackets.NONE, held);
    }

    /**
     * Takes a packet out; its slot, with nothing after it.
     *
     * @param before the slot of the one before it, {@link HeldPackets#NONE} for the head
     */
    int takeAfter(int before, HeldPackets held) {
        int taken = before == HeldPackets.NONE ? head : held.next(before);
        int following = held.next(taken);
        if (before == HeldPackets.NONE) {
            head = following;
        } else {
            held.next(before, following);
        }
        if (taken == tail) {
            tail = before;
        }
        held.next(taken, HeldPackets.NONE);
        return taken;
    }

    /** Writes it without what waits in it. */
    void saveAlone(StateWriter to) {
        to.number(number);
        to.number(clientHigh);
        to.number(clientLow);
        to.number(flowRef);
        saveTurn(to);
    }

    void save(HeldPackets held, StateWriter to) {
        saveAlone(to);
        codel.save(to);
        to.number(EachBuckets.isShared(ceiling) ? 1 : 0);
        to.number(packets);
        for (int slot = head; slot != HeldPackets.NONE; slot = held.next(slot)) {
            held.save(slot, to);
        }
    }
}

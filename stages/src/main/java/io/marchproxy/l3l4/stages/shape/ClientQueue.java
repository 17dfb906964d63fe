package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import org.jspecify.annotations.Nullable;

/**
 * What waits of one client in one leaf, or of one of its connections where those have ceilings, first in, first out: so no packet
 * overtakes another of its flow.
 *
 * <p>It is this queue that is kept short, and not that of a class or service: as RFC 8290 has it, who fills a queue is
 * marked and dropped, and whose packets hardly wait is not, whatever others of the class do. A queue ends when it is empty, and
 * what was remembered of its delay with it.
 */
final class ClientQueue implements Wait.Numbered {
    /**
     * The only one of its direction with this number, ever: when it came, or its last turn ended. Of those that go on at one time the lowest is
     * first; so those that wait for the ceiling of one client keep their order when they begin to wait again and again, of
     * which only the first may send.
     */
    long number;

    long clientHigh;
    long clientLow;

    /** Where connections have ceilings, the flow that it is of alone; else 0. */
    long flowRef;

    /** The client's ceiling, and the connection's, where there are such. */
    @Nullable
    EachBucket client;

    @Nullable
    EachBucket connection;

    /** While it is at one of them, it has no turns. */
    final Wait<ClientQueue> forCeilings = new Wait<>(this);

    @Nullable
    Leaf leaf;

    /** The next in the leaf's ring. */
    @Nullable
    ClientQueue next;

    /** The next in the index's chain, or among those that are free. */
    @Nullable
    ClientQueue chained;

    /** What it may still send in its turn, in bytes; at or below zero, the turn is over. */
    long deficit;

    /** Packets and ends of streams that wait. */
    int packets;

    /** Datagrams that wait. */
    int datagrams;

    /** Bytes that wait. */
    long bytes;

    final Codel codel = new Codel();

    private int head = HeldPackets.NONE;
    private int tail = HeldPackets.NONE;

    @Override
    public long waitNumber() {
        return number;
    }

    /** Counts what begins to wait, or no longer does. */
    void count(int sign) {
        if (client != null) {
            client.held += sign;
        }
        if (connection != null) {
            connection.held += sign;
        }
    }

    /** Has its client, and its connection, pay. */
    void pay(int bytes) {
        deficit -= bytes;
        if (client != null) {
            client.bucket.take(bytes);
        }
        if (connection != null) {
            connection.bucket.take(bytes);
        }
    }

    /** The ceiling that does not let go on what is next; null when both do. */
    @Nullable
    TokenBucket closed(int bytes, long nowNs) {
        if (connection != null && !connection.bucket.opens(bytes, nowNs)) {
            return connection.bucket;
        }
        return client != null && !client.bucket.opens(bytes, nowNs) ? client.bucket : null;
    }

    /** Empties it, without freeing what was in it; the slot of the first, from which {@code next} goes on. */
    int takeAll() {
        int first = head;
        head = HeldPackets.NONE;
        return first;
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

    void save(HeldPackets held, StateWriter to) {
        to.number(number);
        to.number(clientHigh);
        to.number(clientLow);
        to.number(flowRef);
        to.number(deficit);
        codel.save(to);
        to.number(EachBuckets.isShared(client) ? 1 : 0);
        to.number(EachBuckets.isShared(connection) ? 1 : 0);
        to.number(packets);
        for (int slot = head; slot != HeldPackets.NONE; slot = held.next(slot)) {
            held.save(slot, to);
        }
    }

    /** Takes the head off the queue, and frees its slot. */
    void removeHead(HeldPackets held) {
        int gone = head;
        head = held.next(gone);
        held.remove(gone);
    }
}

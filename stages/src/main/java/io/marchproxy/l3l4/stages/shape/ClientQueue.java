package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import org.jspecify.annotations.Nullable;

/**
 * What waits of one client in one leaf, first in, first out: so no packet overtakes another of its flow.
 *
 * <p>It is this queue that is kept short, and not that of a class or service: as RFC 8290 has it, who fills a queue is
 * marked and dropped, and whose packets hardly wait is not, whatever others of the class do. A queue ends when it is empty, and
 * what was remembered of its delay with it.
 */
final class ClientQueue {
    long clientHigh;
    long clientLow;

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

    /** Datagrams that wait. */
    int datagrams;

    /** Bytes that wait. */
    long bytes;

    final Codel codel = new Codel();

    private int head = HeldPackets.NONE;
    private int tail = HeldPackets.NONE;

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
        to.number(clientHigh);
        to.number(clientLow);
        to.number(deficit);
        codel.save(to);
        int packets = 0;
        for (int slot = head; slot != HeldPackets.NONE; slot = held.next(slot)) {
            packets++;
        }
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

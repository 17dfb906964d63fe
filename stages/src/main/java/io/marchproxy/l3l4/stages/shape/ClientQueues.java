package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds the queue of a leaf's client, or of one of its flows: a table of chains, which has at least as many places as there are queues. A queue is here
 * while packets wait in it, so there are never more than packets that wait; those that are left are used again.
 */
final class ClientQueues {
    private static final int FIRST_PLACES = 64;

    private final FlowHash hash;
    private final TurnNumbers numbers;
    private @Nullable ClientQueue[] places = new @Nullable ClientQueue[FIRST_PLACES];
    private @Nullable ClientQueue free;
    private int size;

    ClientQueues(FlowHash hash, TurnNumbers numbers) {
        this.hash = hash;
        this.numbers = numbers;
    }

    /** The queue of a client, or null when nothing of it waits. */
    @Nullable
    ClientQueue find(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        ClientQueue queue = places[place(leaf, clientHigh, clientLow, flowRef)];
        while (queue != null
                && (queue.leaf != leaf
                        || queue.clientLow != clientLow
                        || queue.clientHigh != clientHigh
                        || queue.flowRef != flowRef)) {
            queue = queue.chained;
        }
        return queue;
    }

    /** An empty queue for a client that has none. */
    ClientQueue add(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        if (size == places.length) {
            grow();
        }
        ClientQueue queue = free;
        if (queue == null) {
            queue = new ClientQueue();
        } else {
            free = queue.chained;
        }
        queue.leaf = leaf;
        queue.clientHigh = clientHigh;
        queue.clientLow = clientLow;
        queue.flowRef = flowRef;
        queue.number = numbers.next();
        queue.client = null;
        queue.connection = null;
        queue.packets = 0;
        queue.datagrams = 0;
        queue.bytes = 0;
        queue.codel.begin();
        chain(queue);
        size++;
        return queue;
    }

    /** Gives up a queue that is empty. */
    void remove(ClientQueue gone) {
        int place = place(Objects.requireNonNull(gone.leaf), gone.clientHigh, gone.clientLow, gone.flowRef);
        ClientQueue before = places[place];
        if (before == gone) {
            places[place] = gone.chained;
        } else {
            while (before != null && before.chained != gone) {
                before = before.chained;
            }
            Objects.requireNonNull(before).chained = gone.chained;
        }
        gone.leaf = null;
        gone.next = null;
        gone.chained = free;
        free = gone;
        size--;
    }

    private void chain(ClientQueue queue) {
        int place = place(Objects.requireNonNull(queue.leaf), queue.clientHigh, queue.clientLow, queue.flowRef);
        queue.chained = places[place];
        places[place] = queue;
    }

    private int place(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        return hash.of(clientHigh, clientLow, leaf.number + flowRef * 31) & (places.length - 1);
    }

    private void grow() {
        @Nullable ClientQueue[] before = places;
        places = new @Nullable ClientQueue[before.length * 2];
        for (ClientQueue first : before) {
            for (ClientQueue queue = first; queue != null; ) {
                ClientQueue following = queue.chained;
                chain(queue);
                queue = following;
            }
        }
    }
}

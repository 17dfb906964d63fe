package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A service's packets of one class, in one direction: its clients take turns by deficit (see {@link Schedule}). */
final class Leaf extends TurnRing.Member<Leaf> {
    final ServiceNode service;
    final ClassNode trafficClass;

    /** The only leaf of its direction with this number. */
    final int number;

    /** As {@link ClientQueue#deficit}, among the leaves of the class. */
    long deficit;

    /** The client that has had its turn last; the next one's is now. */
    private @Nullable ClientQueue last;

    Leaf(ServiceNode service, ClassNode trafficClass) {
        this.service = service;
        this.trafficClass = trafficClass;
        this.number = service.number * Schedule.CLASSES + trafficClass.number;
    }

    /** Whether nobody is in it who may have a turn; what waits for a ceiling of its client's is not in it. */
    boolean isEmpty() {
        return last == null;
    }

    @Override
    int turnNumber() {
        return service.number;
    }

    /** Lets a client in, who is new, and the last to have a turn. */
    void add(ClientQueue queue) {
        queue.deficit = Schedule.QUANTUM;
        addAgain(queue);
    }

    /** Lets a client in who was in it before. */
    void addAgain(ClientQueue queue) {
        ClientQueue before = last;
        if (before == null) {
            queue.next = queue;
        } else {
            queue.next = before.next;
            before.next = queue;
        }
        last = queue;
    }

    /** The client whose turn it is; there must be one. */
    ClientQueue turn() {
        ClientQueue queue = first();
        while (queue.deficit <= 0) {
            queue.deficit += Schedule.QUANTUM;
            queue.number = trafficClass.turnNumbers.next();
            last = queue;
            queue = first();
        }
        return queue;
    }

    /** Takes a client out, of whom nothing waits any more. Nearly always it is the one whose turn it is, and found at once. */
    void remove(ClientQueue queue) {
        ClientQueue before = Objects.requireNonNull(last);
        while (before.next != queue) {
            before = Objects.requireNonNull(before.next);
        }
        if (before == queue) {
            last = null;
        } else {
            before.next = queue.next;
            if (last == queue) {
                last = before;
            }
        }
    }

    /** Writes a leaf, or that nothing of it ever waited. */
    static void save(@Nullable Leaf leaf, HeldPackets held, StateWriter to) {
        if (leaf == null) {
            to.number(0);
            to.number(0);
        } else {
            leaf.save(held, to);
        }
    }

    /** All in it, in the order of their turns. */
    List<ClientQueue> inOrder() {
        List<ClientQueue> all = new ArrayList<>();
        ClientQueue end = last;
        for (ClientQueue queue = end == null ? null : end.next;
                queue != null;
                queue = queue == end ? null : queue.next) {
            all.add(queue);
        }
        return all;
    }

    /** Writes its clients in the order of their turns, and what waits of each. */
    private void save(HeldPackets held, StateWriter to) {
        to.number(deficit);
        List<ClientQueue> clients = inOrder();
        to.number(clients.size());
        for (ClientQueue queue : clients) {
            queue.save(held, to);
        }
    }

    private ClientQueue first() {
        return Objects.requireNonNull(Objects.requireNonNull(last).next);
    }
}

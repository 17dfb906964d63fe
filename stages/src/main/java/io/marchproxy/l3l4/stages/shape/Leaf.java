package io.marchproxy.l3l4.stages.shape;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A service's packets of one class, in one direction: its clients take turns by deficit (see {@link Schedule}). */
final class Leaf {
    final ServiceNode service;
    final ClassNode trafficClass;

    /** The only leaf of its direction with this number. */
    final int number;

    /** Its neighbours in its class's ring, while it is there. */
    @Nullable
    Leaf next;

    @Nullable
    Leaf previous;

    /** As {@link ClientQueue#deficit}, among the leaves of the class. */
    long deficit;

    /** The client that has had its turn last; the next one's is now. */
    private @Nullable ClientQueue last;

    Leaf(ServiceNode service, ClassNode trafficClass) {
        this.service = service;
        this.trafficClass = trafficClass;
        this.number = service.number * Schedule.CLASSES + trafficClass.number;
    }

    boolean isEmpty() {
        return last == null;
    }

    boolean isInRing() {
        return next != null;
    }

    /** Lets a client in, who is the last to have a turn. */
    void add(ClientQueue queue) {
        ClientQueue before = last;
        if (before == null) {
            queue.next = queue;
        } else {
            queue.next = before.next;
            before.next = queue;
        }
        queue.deficit = Schedule.QUANTUM;
        last = queue;
    }

    /** The client whose turn it is; there must be one. */
    ClientQueue turn() {
        ClientQueue queue = first();
        while (queue.deficit <= 0) {
            queue.deficit += Schedule.QUANTUM;
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

    private ClientQueue first() {
        return Objects.requireNonNull(Objects.requireNonNull(last).next);
    }
}

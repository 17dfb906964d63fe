package io.marchproxy.l3l4.stages.shape;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Services that have a guarantee to use and something to use it for, in a ring: they take turns packet by packet. */
final class PromisedServices {
    private @Nullable ServiceNode first;

    /** The service whose turn it is, or null. */
    @Nullable
    ServiceNode turn() {
        return first;
    }

    /** The turn passes to the next. */
    void pass() {
        ServiceNode service = first;
        if (service != null) {
            first = service.following();
        }
    }

    /** Lets a service in that is not there, as the last to have a turn. */
    void add(ServiceNode service) {
        ServiceNode head = first;
        if (head == null) {
            service.next = service;
            service.previous = service;
            first = service;
        } else {
            ServiceNode tail = Objects.requireNonNull(head.previous);
            tail.next = service;
            service.previous = tail;
            service.next = head;
            head.previous = service;
        }
    }

    /** Takes a service out that is there. */
    void remove(ServiceNode service) {
        ServiceNode next = service.following();
        ServiceNode previous = Objects.requireNonNull(service.previous);
        previous.next = next;
        next.previous = previous;
        if (first == service) {
            first = next == service ? null : next;
        }
        service.next = null;
        service.previous = null;
    }
}

package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
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

    /** Writes whose turn it is and will be. */
    void save(StateWriter to) {
        int services = 0;
        for (ServiceNode one = first; one != null; one = one.next == first ? null : one.next) {
            services++;
        }
        to.number(services);
        for (ServiceNode one = first; one != null; one = one.next == first ? null : one.next) {
            to.number(one.number);
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

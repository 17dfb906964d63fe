package io.marchproxy.l3l4.stages.shape;

import java.util.Arrays;

/**
 * Services that wait for their ceilings, the first to go on at the top: a binary heap in an array (Williams, "Heapsort", 1964). Of
 * those that go on at one time, the lowest number is first, so that the order never depends on how they came in.
 */
final class ReadyServices {
    static final int NOWHERE = -1;

    private ServiceNode[] heap = {};
    private int size;

    /** When the first may go on; {@code Long.MAX_VALUE} when none waits. */
    long firstNs() {
        return size == 0 ? Long.MAX_VALUE : heap[0].readyNs;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Has a service wait until its {@code readyNs}. */
    void add(ServiceNode service) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, Math.max(16, 2 * size));
        }
        rise(size++, service);
    }

    /** Takes the first out; there must be one. */
    ServiceNode removeFirst() {
        ServiceNode first = heap[0];
        ServiceNode last = heap[--size];
        if (size > 0) {
            sink(last);
        }
        first.place = NOWHERE;
        return first;
    }

    private void rise(int from, ServiceNode service) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (!isBefore(service, heap[parent])) {
                break;
            }
            put(place, heap[parent]);
            place = parent;
        }
        put(place, service);
    }

    private void sink(ServiceNode service) {
        int place = 0;
        while (2 * place + 1 < size) {
            int child = 2 * place + 1;
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], service)) {
                break;
            }
            put(place, heap[child]);
            place = child;
        }
        put(place, service);
    }

    private void put(int place, ServiceNode service) {
        heap[place] = service;
        service.place = place;
    }

    private static boolean isBefore(ServiceNode one, ServiceNode other) {
        return one.readyNs < other.readyNs || (one.readyNs == other.readyNs && one.number < other.number);
    }
}

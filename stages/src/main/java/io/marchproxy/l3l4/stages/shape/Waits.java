package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import java.util.Arrays;

/**
 * Services that wait, the first to go on at the top: a binary heap in an array (Williams, "Heapsort", 1964). Of those that go on at one
 * time the lowest number is first, so that the order never depends on how they came in.
 */
final class Waits {
    private Wait[] heap = {};
    private int size;

    /** When the first may go on; {@code Long.MAX_VALUE} when none waits. */
    long firstNs() {
        return size == 0 ? Long.MAX_VALUE : heap[0].untilNs;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Has a service wait that does not wait here yet. */
    void add(Wait wait, long untilNs) {
        wait.untilNs = untilNs;
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, Math.max(16, 2 * size));
        }
        wait.isOn = true;
        rise(size++, wait);
    }

    /** Has a service wait if it did when it was saved. */
    void restore(Wait wait, StateReader from) {
        boolean isOn = from.number(0, 1) == 1;
        long untilNs = from.number();
        if (isOn) {
            add(wait, untilNs);
        }
    }

    /** Takes the first out; there must be one. */
    Wait removeFirst() {
        Wait first = heap[0];
        Wait last = heap[--size];
        if (size > 0) {
            sink(last);
        }
        first.isOn = false;
        return first;
    }

    private void rise(int from, Wait wait) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (!wait.isBefore(heap[parent])) {
                break;
            }
            heap[place] = heap[parent];
            place = parent;
        }
        heap[place] = wait;
    }

    private void sink(Wait wait) {
        int place = 0;
        while (2 * place + 1 < size) {
            int child = 2 * place + 1;
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (!heap[child].isBefore(wait)) {
                break;
            }
            heap[place] = heap[child];
            place = child;
        }
        heap[place] = wait;
    }
}

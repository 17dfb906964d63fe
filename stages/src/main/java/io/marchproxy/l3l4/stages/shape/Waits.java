package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who waits, the first to go on at the top: a binary heap in an array (Williams, "Heapsort", 1964). Of those that go on at one
 * time the lowest number is first, so that the order never depends on how they came in.
 */
final class Waits<W extends Wait.Numbered> {
    private @Nullable Wait<W>[] heap = newHeap(16);
    private int size;

    /** When the first may go on; {@code Long.MAX_VALUE} when none waits. */
    long firstNs() {
        return size == 0 ? Long.MAX_VALUE : at(0).untilNs;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Has somebody wait who does not wait here yet. */
    void add(Wait<W> wait, long untilNs) {
        wait.untilNs = untilNs;
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        wait.isOn = true;
        rise(size++, wait);
    }

    /** Has somebody wait who did when it was saved. */
    void restore(Wait<W> wait, StateReader from) {
        boolean isOn = from.number(0, 1) == 1;
        long untilNs = from.number();
        if (isOn) {
            add(wait, untilNs);
        }
    }

    /** Takes the first out; there must be one. */
    Wait<W> removeFirst() {
        Wait<W> first = at(0);
        remove(first);
        return first;
    }

    /** Takes out somebody who waits here. */
    void remove(Wait<W> wait) {
        int place = wait.place;
        Wait<W> last = at(--size);
        heap[size] = null;
        if (place < size) {
            sink(place, last);
            rise(last.place, last);
        }
        wait.isOn = false;
    }

    private Wait<W> at(int place) {
        return Objects.requireNonNull(heap[place]);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Nothing else is ever put into it.
    private static <W extends Wait.Numbered> @Nullable Wait<W>[] newHeap(int length) {
        return new Wait[length];
    }

    /** The times of all, in the order of who they are. */
    List<Wait<W>> inOrder() {
        List<Wait<W>> all = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            all.add(at(i));
        }
        all.sort(Comparator.comparingLong(wait -> wait.who.waitNumber()));
        return all;
    }

    /** All, in the order in which they go on. */
    List<Wait<W>> inTime() {
        List<Wait<W>> all = inOrder();
        all.sort(Comparator.comparingLong(wait -> wait.untilNs));
        return all;
    }

    private void rise(int from, Wait<W> wait) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (!wait.isBefore(at(parent))) {
                break;
            }
            put(place, at(parent));
            place = parent;
        }
        put(place, wait);
    }

    private void sink(int from, Wait<W> wait) {
        int place = from;
        while (2 * place + 1 < size) {
            int child = 2 * place + 1;
            if (child + 1 < size && at(child + 1).isBefore(at(child))) {
                child++;
            }
            if (!at(child).isBefore(wait)) {
                break;
            }
            put(place, at(child));
            place = child;
        }
        put(place, wait);
    }

    private void put(int place, Wait<W> wait) {
        heap[place] = wait;
        wait.place = place;
    }
}

package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.util.ArrayDeque;
import java.util.Deque;

/** State in memory: what was written is read back, first in, first out. */
public final class SavedState implements StateWriter, StateReader {
    private final Deque<Long> numbers = new ArrayDeque<>();
    private boolean writing = true;

    /** Whether all was read. */
    public boolean isEmpty() {
        return numbers.isEmpty();
    }

    @Override
    public void number(long value) {
        numbers.addLast(value);
    }

    @Override
    public void block(long address, int bytes) {
        if (writing) {
            for (int i = 0; i < bytes; i += Long.BYTES) {
                number(Memory.getLong(address + i));
            }
        } else {
            for (int i = 0; i < bytes; i += Long.BYTES) {
                Memory.putLong(address + i, number());
            }
        }
    }

    /** All is written: from now on it is read. */
    SavedState read() {
        writing = false;
        return this;
    }

    @Override
    public long number() {
        Long next = numbers.pollFirst();
        if (next == null) {
            throw new IllegalStateException("nothing is left");
        }
        return next;
    }
}

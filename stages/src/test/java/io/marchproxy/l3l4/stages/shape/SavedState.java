package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/** A stage's state, word by word. */
final class SavedState implements StateWriter, StateReader {
    private final Deque<Long> words = new ArrayDeque<>();

    boolean isEmpty() {
        return words.isEmpty();
    }

    @Override
    public void number(long value) {
        words.add(value);
    }

    @Override
    public void block(long address, int bytes) {
        if (words.isEmpty() || !reading) {
            for (int i = 0; i < bytes; i += Long.BYTES) {
                words.add(Memory.getLong(address + i));
            }
        } else {
            for (int i = 0; i < bytes; i += Long.BYTES) {
                Memory.putLong(address + i, words.remove());
            }
        }
    }

    private boolean reading;

    /** The same to be read. */
    StateReader toRead() {
        reading = true;
        return this;
    }

    @Override
    public long number() {
        return words.remove();
    }
}

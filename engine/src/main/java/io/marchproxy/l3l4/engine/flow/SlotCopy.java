package io.marchproxy.l3l4.engine.flow;

import java.util.Arrays;

/**
 * A copy of a flow table that is under way. Slots go in chunks: a chunk that is about to be used goes first, the others in
 * turn, so that a table of any size is copied as of one moment and no packet waits for more than the few chunks that it
 * touches. That is copy on write, as a kernel does it for a process that forks, by the chunk instead of by the page.
 */
final class SlotCopy {
    private static final int SHIFT = 4;

    /** Slots in a chunk: 2 KiB of entries. */
    static final int CHUNK = 1 << SHIFT;

    private final SlotCopier copier;
    private final int slots;

    /** A bit for each chunk that is still to be copied. */
    private final long[] left;

    private int word;

    SlotCopy(SlotCopier copier, int slots) {
        this.copier = copier;
        this.slots = slots;
        int chunks = (slots + CHUNK - 1) >>> SHIFT;
        this.left = new long[(chunks + Long.SIZE - 1) / Long.SIZE];
        Arrays.fill(left, -1);
        if (chunks % Long.SIZE != 0) {
            left[left.length - 1] = (1L << chunks) - 1;
        }
    }

    /** Copies a slot that is about to be used, unless it was. */
    void before(int slot) {
        int chunk = slot >>> SHIFT;
        if (slot < slots && (left[chunk >> 6] & 1L << chunk) != 0) {
            copy(chunk);
        }
    }

    /** Copies the next chunk; false when there is none. */
    boolean next() {
        while (word < left.length) {
            if (left[word] != 0) {
                copy((word << 6) + Long.numberOfTrailingZeros(left[word]));
                return true;
            }
            word++;
        }
        return false;
    }

    private void copy(int chunk) {
        left[chunk >> 6] &= ~(1L << chunk);
        int first = chunk << SHIFT;
        copier.copy(first, Math.min(CHUNK, slots - first));
    }
}

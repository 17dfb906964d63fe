package io.marchproxy.l3l4.engine.flow;

/** Takes over the slots of a flow table, a few at a time and in any order, each as it stood when the copy began. */
@FunctionalInterface
public interface SlotCopier {
    /** Slots in a call at the most. */
    int MOST = SlotCopy.CHUNK;

    /**
     * Copies slots. They may change as soon as this returns.
     *
     * @param count at most {@link #MOST}
     */
    void copy(int firstSlot, int count);
}

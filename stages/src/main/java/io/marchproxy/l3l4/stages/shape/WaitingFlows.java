package io.marchproxy.l3l4.stages.shape;

import java.util.Arrays;

/**
 * How many packets of each flow wait in one direction, and in which class: so that a packet whose class is another's is kept behind
 * them. By the flow's slot, twelve bytes for each slot up to the highest that ever had something waiting. Where a flow has ended with
 * packets that still wait, nobody asks for them any more, and they count until the next flow of the slot has one that waits. One thread.
 */
final class WaitingFlows {
    static final int NOTHING = -1;

    private static final int CLASS_BITS = 2;
    private static final int CLASS_MASK = (1 << CLASS_BITS) - 1;
    private static final int FIRST_SLOTS = 64;

    /** The number of packets, and in the lowest bits the class of the last. */
    private int[] bySlot = new int[FIRST_SLOTS];

    /** Whose last packet that is. */
    private long[] flows = new long[FIRST_SLOTS];

    /** A packet begins to wait, whose flow has not ended. */
    void add(long flowRef, int trafficClass) {
        int slot = (int) flowRef;
        if (slot >= bySlot.length) {
            bySlot = Arrays.copyOf(bySlot, Math.max(slot + 1, 2 * bySlot.length));
            flows = Arrays.copyOf(flows, bySlot.length);
        }
        int before = flows[slot] == flowRef ? bySlot[slot] >> CLASS_BITS : 0;
        flows[slot] = flowRef;
        bySlot[slot] = ((before + 1) << CLASS_BITS) | trafficClass;
    }

    /** One that waited no longer does. */
    void remove(long flowRef) {
        int slot = (int) flowRef;
        if (slot < flows.length && flows[slot] == flowRef && bySlot[slot] > CLASS_MASK) {
            bySlot[slot] -= 1 << CLASS_BITS;
        }
    }

    /** Nothing is known to wait any more: what does is added anew. */
    void clear() {
        Arrays.fill(bySlot, 0);
    }

    /** The class in which the last packet of a flow waits, or {@link #NOTHING}. */
    int trafficClass(long flowRef) {
        int slot = (int) flowRef;
        boolean waits = slot >= 0 && slot < bySlot.length && bySlot[slot] > CLASS_MASK && flows[slot] == flowRef;
        return waits ? bySlot[slot] & CLASS_MASK : NOTHING;
    }
}

package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;

/**
 * Follows a shard's flows by what its pipeline tells a journal: has each told at its begin, once a period while it lives, and at
 * its end. The pipeline's thread; allocates nothing per packet.
 *
 * <p>Those that live come up by a walk over the slots that are known to hold a flow, a part at a time as events come, so that a
 * million flows don't hold up one packet. One round takes a period, or longer by a period for each further million slots.
 */
public abstract class FlowWatch implements Journal {
    private static final int SLICES = 512;
    private static final long MOST_AT_ONCE = 2048;

    /** A walk that comes late, since there was nothing to do, makes up for as many. */
    private static final long MOST_LATE = 32;

    private static final int FIRST_SLOTS = 1024;

    private final FlowTable flows;
    private final long periodNs;

    /** By slot: the reference of the flow there, or {@code NO_FLOW}. */
    private long[] live = new long[0];

    private int highestSlot = -1;
    private int nextSlot;
    private long nextSliceNs = Long.MIN_VALUE;
    private long periodBeganNs;
    private long nowNs;

    /**
     * Follows the flows of a table.
     *
     * @param periodNs between two times that a flow that lives is told of
     */
    protected FlowWatch(FlowTable flows, long periodNs) {
        this.flows = flows;
        this.periodNs = periodNs;
    }

    /** A flow is told of; {@code reason} as in a FLOW record. */
    protected abstract void tell(FlowPhase phase, int reason, long nowNs, long flowRef, long entry);

    /** Whether a flow that lives is worth telling of now. */
    protected boolean isDue(int slot, long entry) {
        return true;
    }

    /** Whether the walk may go on now. */
    protected boolean mayWalk() {
        return true;
    }

    /** A part of the walk begins, if it may. */
    protected void walks() {
        // it needs nothing
    }

    /** A session went on at another backend. */
    protected void moved(long flowRef) {
        // the walk will tell
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        nowNs = Math.max(nowNs, event.arrivalNs());
        if (nowNs >= nextSliceNs) {
            walk();
        }
        FlowEnd reason = FlowLife.endedBy(event, verdict);
        if (reason != null) {
            ended(event.flowRef(), reason);
        } else if (FlowLife.isBegunBy(event, verdict)) {
            begun(event.flowRef());
        } else if ((event.flags() & DescriptorFlags.REROUTED) != 0) {
            moved(event.flowRef());
        }
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long endNs) {
        nowNs = Math.max(nowNs, endNs);
        ended(flowRef, reason);
    }

    private void begun(long flowRef) {
        int slot = (int) flowRef;
        if (slot >= live.length) {
            int before = live.length;
            live = Arrays.copyOf(live, Math.max(Math.max(FIRST_SLOTS, before * 2), slot + 1));
            Arrays.fill(live, before, live.length, PacketDescriptor.NO_FLOW);
        }
        live[slot] = flowRef;
        highestSlot = Math.max(highestSlot, slot);
        tell(FlowPhase.BEGIN, FlowPhase.NO_REASON, flowRef);
    }

    private void ended(long flowRef, FlowEnd reason) {
        if (tell(FlowPhase.END, reason.ordinal(), flowRef)) {
            int slot = (int) flowRef;
            if (slot < live.length) {
                live[slot] = PacketDescriptor.NO_FLOW;
            }
        }
    }

    /** Has a flow told of that lives; false when it does not. */
    protected final boolean tell(long flowRef) {
        return tell(FlowPhase.PERIODIC, FlowPhase.NO_REASON, flowRef);
    }

    private boolean tell(FlowPhase phase, int reason, long flowRef) {
        long entry = flows.entry(flowRef);
        if (entry == 0) {
            return false;
        }
        tell(phase, reason, nowNs, flowRef, entry);
        return true;
    }

    /** As much of the walk as is due: one round takes one period, whatever the number of flows. */
    private void walk() {
        if (nextSliceNs == Long.MIN_VALUE) {
            periodBeganNs = nowNs;
            nextSliceNs = nowNs;
        }
        walks();
        if (!mayWalk()) {
            return;
        }
        long sliceNs = periodNs / SLICES;
        long slices = Math.min(1 + (nowNs - nextSliceNs) / sliceNs, MOST_LATE);
        nextSliceNs = nowNs + sliceNs;
        long elapsedNs = nowNs - periodBeganNs;
        long slots = highestSlot + 1L;
        long due = elapsedNs >= periodNs ? slots : slots * elapsedNs / periodNs;
        walkTo((int) Math.min(due, nextSlot + MOST_AT_ONCE * slices));
        if (elapsedNs >= periodNs && nextSlot >= slots) {
            nextSlot = 0;
            periodBeganNs = nowNs;
        }
    }

    private void walkTo(int until) {
        for (; nextSlot < until; nextSlot++) {
            long flowRef = live[nextSlot];
            if (flowRef != PacketDescriptor.NO_FLOW && isDue(nextSlot, flows.entryAt(nextSlot))) {
                tell(flowRef);
            }
        }
    }

    /** Has every flow told of that lives and is due. The pipeline's thread, or after its end. */
    protected final void tellAll() {
        nextSlot = 0;
        walkTo(highestSlot + 1);
    }
}

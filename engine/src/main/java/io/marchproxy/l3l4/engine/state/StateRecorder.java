package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.journal.FlowPhase;
import io.marchproxy.l3l4.engine.journal.FlowWatch;
import io.marchproxy.l3l4.engine.journal.JournalRing;
import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A shard's side of the flow state: hands copies of flows over, at their begin, when they go to another backend, at their end, and in
 * between when packets came since. The pipeline's thread. What finds the ring full is lost, and made up for by the next round if the
 * flow still lives; the round waits while the ring is half full, so that begins and ends find room.
 */
final class StateRecorder extends FlowWatch {
    private static final long CLOSING_PATIENCE_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long CLOSING_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(100);

    private final JournalRing ring;
    private final AtomicLong lost = new AtomicLong();

    /** By slot: the {@link #mark} of the flow there when it was handed over. */
    private long[] handed = new long[0];

    private volatile boolean closing;
    private boolean givenUp;

    StateRecorder(JournalRing ring, FlowTable flows, long intervalNs) {
        super(flows, intervalNs);
        this.ring = ring;
    }

    @Override
    public void arrived(PacketDescriptor event) {
        // what comes of it is told
    }

    @Override
    protected void moved(long flowRef) {
        tell(flowRef);
    }

    @Override
    protected boolean isDue(int slot, long entry) {
        return slot >= handed.length || handed[slot] != mark(entry);
    }

    @Override
    protected boolean mayWalk() {
        return ring.hasDrained();
    }

    @Override
    protected void tell(FlowPhase phase, int reason, long nowNs, long flowRef, long entry) {
        long at = ring.claim(RecordEncoder.LONGEST);
        if (at == 0 && closing) {
            at = awaitRoom();
        }
        if (at == 0) {
            lost.setOpaque(lost.getPlain() + 1);
            return;
        }
        ring.publish(RecordEncoder.flow(at, phase, reason, nowNs, flowRef, entry));
        if (phase != FlowPhase.END) {
            handed((int) flowRef, mark(entry));
        }
    }

    /** Grows with everything that a flow counts: packets of one batch have one time, so that alone does not tell of them. */
    private static long mark(long entry) {
        return FlowEntry.lastSeenNs(entry)
                + FlowEntry.packetsToBackend(entry)
                + FlowEntry.packetsToClient(entry)
                + FlowEntry.droppedPackets(entry)
                + FlowEntry.icmpErrors(entry);
    }

    private void handed(int slot, long mark) {
        if (slot >= handed.length) {
            handed = Arrays.copyOf(handed, Math.max(2 * handed.length, slot + 1024));
        }
        handed[slot] = mark;
    }

    /** A service that ends has no packets to hold up, and what it does not write now is never written. */
    private long awaitRoom() {
        long untilNs = System.nanoTime() + CLOSING_PATIENCE_NS;
        while (!givenUp) {
            long at = ring.claim(RecordEncoder.LONGEST);
            if (at != 0) {
                return at;
            }
            givenUp = System.nanoTime() - untilNs > 0;
            LockSupport.parkNanos(this, CLOSING_PAUSE_NS);
        }
        return 0;
    }

    /** The service ends: from now on a flow waits for room. Any thread. */
    void closing() {
        closing = true;
    }

    /** Hands over every flow that lives still. The pipeline's thread has ended, and its flow table is there. */
    void ended() {
        closing = true;
        tellAll();
    }

    /** Hand-overs that found no room. Any thread. */
    long lost() {
        return lost.getOpaque();
    }
}

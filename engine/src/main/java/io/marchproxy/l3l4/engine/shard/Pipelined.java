package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ingress, stages and egress on threads of their own, joined by two rings: the event loop fills the first, the stage
 * thread empties it into the second, the egress thread sends. For machines with a core for each.
 *
 * <p>Waiting goes one way only: the loop may wait for the stages and the stages for the egress, which waits for nobody.
 */
final class Pipelined implements IngressRing.Placement {
    private static final long LONGEST_SLEEP_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long ROOM_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(20);

    /** Without the copy that {@code values()} makes: sessions end as often as datagrams come. */
    private static final FlowEnd[] FLOW_ENDS = FlowEnd.values();

    private final DescriptorRing incoming;
    private final DescriptorRing outgoing;
    private final PacketDescriptor tick;
    private final Pipeline pipeline;
    private final Egress egress;
    private final DistinctErrors errors;
    private final long spinNs;
    private final BatchTimer stagesTimer;
    private final BatchTimer egressTimer;
    private final Doorbell stagesBell = new Doorbell();
    private final Doorbell egressBell;
    private final Thread stagesThread;
    private final Thread egressThread;
    private volatile boolean running = true;
    private volatile boolean stagesDone;

    Pipelined(
            DescriptorRing incoming,
            DescriptorRing outgoing,
            PacketDescriptor tick,
            Doorbell egressBell,
            Pipeline pipeline,
            Egress egress,
            DistinctErrors errors,
            long spinNs,
            ShardLatency latency,
            ThreadFactory stagesThreads,
            ThreadFactory egressThreads) {
        this.incoming = incoming;
        this.outgoing = outgoing;
        this.tick = tick;
        this.egressBell = egressBell;
        this.pipeline = pipeline;
        this.egress = egress;
        this.errors = errors;
        this.spinNs = spinNs;
        this.stagesTimer = new BatchTimer(latency);
        this.egressTimer = new BatchTimer(latency);
        this.stagesThread = stagesThreads.newThread(this::runStages);
        this.egressThread = egressThreads.newThread(this::runEgress);
    }

    void start() {
        stagesThread.start();
        egressThread.start();
    }

    /** Lets both threads finish what is in the rings, and ends them. False when one does not end within the time. */
    boolean stop(Duration patience) throws InterruptedException {
        running = false;
        LockSupport.unpark(stagesThread);
        if (!stagesThread.join(patience)) {
            return false;
        }
        stagesDone = true;
        LockSupport.unpark(egressThread);
        return egressThread.join(patience);
    }

    @Override
    public void batchReady() {
        stagesBell.ring();
    }

    @Override
    public int headroom() {
        return 0;
    }

    @Override
    public boolean makeRoom() {
        stagesBell.ring();
        return false;
    }

    @Override
    public boolean awaitRoom() {
        stagesBell.ring();
        LockSupport.parkNanos(this, ROOM_PAUSE_NS);
        return true;
    }

    private void runStages() {
        DescriptorRing.BatchHandler handler = this::handleBatch;
        Patience patience = new Patience(spinNs);
        while (running || !incoming.isEmpty()) {
            long nowNs = System.nanoTime();
            pipeline.handedNs(nowNs);
            stagesTimer.batch(nowNs);
            boolean worked = incoming.poll(handler);
            stagesTimer.decided();
            if (pipeline.nextDeadlineNs() <= nowNs) {
                // As an event, so that a replay has it at its place among those that came with an earlier time.
                tick.reset(EventKind.TICK, nowNs);
                handle(tick);
                worked = true;
            }
            if (worked) {
                egressBell.ring();
                patience.worked();
            } else if (patience.lasts()) {
                Thread.onSpinWait();
            } else {
                sleepStages();
            }
        }
    }

    private void handleBatch(PacketDescriptor[] events, int from, int count) {
        pipeline.expect(events, from, count);
        int timed = stagesTimer.choose(events, from, count);
        for (int i = from; i < from + count; i++) {
            if (i == timed) {
                handleTimed(events[i]);
            } else {
                handle(events[i]);
            }
        }
    }

    private void handleTimed(PacketDescriptor event) {
        try {
            pipeline.handle(event, stagesTimer);
            stagesTimer.handled();
        } catch (RuntimeException | Error e) {
            errors.record("pipeline", e);
        }
    }

    private void handle(PacketDescriptor event) {
        try {
            pipeline.handle(event);
        } catch (RuntimeException | Error e) {
            errors.record("pipeline", e);
        }
    }

    private void sleepStages() {
        stagesBell.prepare();
        if (incoming.isEmpty() && running) {
            stagesBell.await(Math.clamp(pipeline.nextDeadlineNs() - System.nanoTime(), 0, LONGEST_SLEEP_NS));
        } else {
            stagesBell.cancel();
        }
    }

    private void runEgress() {
        DescriptorRing.BatchHandler handler = this::dispatchBatch;
        Patience patience = new Patience(spinNs);
        while (!stagesDone || !outgoing.isEmpty()) {
            boolean worked = outgoing.poll(handler);
            worked |= egress.flush();
            egressTimer.sent();
            if (worked) {
                patience.worked();
            } else if (patience.lasts()) {
                Thread.onSpinWait();
            } else {
                egressBell.prepare();
                if (outgoing.isEmpty() && !stagesDone) {
                    egressBell.await(LONGEST_SLEEP_NS);
                } else {
                    egressBell.cancel();
                }
            }
        }
    }

    private void dispatchBatch(PacketDescriptor[] events, int from, int count) {
        egressTimer.batch(System.nanoTime());
        egressTimer.choose(events, from, count);
        for (int i = from; i < from + count; i++) {
            try {
                dispatch(events[i]);
            } catch (RuntimeException | Error e) {
                errors.record("egress", e);
            }
        }
    }

    private void dispatch(PacketDescriptor event) {
        if (event.kind() == EventKind.CLOSED) {
            egress.flowEnded(event.flowRef(), FLOW_ENDS[(int) event.argument0()]);
        } else if (Memory.getByte(event.address() + DescriptorLayout.VERDICT) == Verdict.DROP.ordinal()) {
            egress.drop(event, DropReason.of(Memory.getByte(event.address() + DescriptorLayout.DROP_REASON)));
        } else {
            egress.forward(event);
        }
    }

    /** The stages' side of the second ring. A CLOSED descriptor in it stands for the pipeline's own end of a flow. Stage thread. */
    static final class RingOutput implements PipelineOutput {
        private final DescriptorRing outgoing;
        private final Doorbell egressBell;
        private @Nullable Pipeline pipeline;

        RingOutput(DescriptorRing outgoing, Doorbell egressBell) {
            this.outgoing = outgoing;
            this.egressBell = egressBell;
        }

        void connect(Pipeline owner) {
            pipeline = owner;
        }

        @Override
        public void forward(PacketDescriptor packet) {
            if (packet.endpoint() instanceof BooksSnapshot snapshot && pipeline != null) {
                snapshot.pipeline(pipeline.books().copy());
            }
            hand(packet, Verdict.FORWARD);
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            Memory.putByte(packet.address() + DescriptorLayout.DROP_REASON, (byte) reason.ordinal());
            hand(packet, Verdict.DROP);
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {
            PacketDescriptor slot = claim();
            slot.reset(EventKind.CLOSED, 0);
            slot.flowRef(flowRef);
            slot.argument0(reason.ordinal());
            outgoing.publish();
        }

        private void hand(PacketDescriptor packet, Verdict verdict) {
            PacketDescriptor slot = claim();
            slot.moveFrom(packet);
            Memory.putByte(slot.address() + DescriptorLayout.VERDICT, (byte) verdict.ordinal());
            outgoing.publish();
        }

        private PacketDescriptor claim() {
            while (true) {
                PacketDescriptor slot = outgoing.tryClaim(0);
                if (slot != null) {
                    return slot;
                }
                egressBell.ring();
                LockSupport.parkNanos(this, ROOM_PAUSE_NS);
            }
        }
    }
}

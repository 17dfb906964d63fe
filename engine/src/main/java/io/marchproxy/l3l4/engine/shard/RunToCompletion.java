package io.marchproxy.l3l4.engine.shard;

import com.lmax.disruptor.EventPoller;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.netty.channel.EventLoop;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything on the event loop's thread: it reads, runs the stages over the ring and writes. The best placement wherever
 * a core is not free for each of these.
 */
final class RunToCompletion implements IngressRing.Placement {
    /** Events between two releases of ring slots, so that what the egress reports back meanwhile finds room. */
    private static final int CHUNK = 256;

    /** An event makes the egress report two at the most as a rule: its connection's reset and its end. What is more overflows. */
    private static final int HEADROOM = 2 * CHUNK;

    /** The fewest slots that a ring may have, so that the headroom leaves room for traffic. */
    static final int FEWEST_SLOTS = 4 * HEADROOM;

    private final DescriptorRing ring;
    private final IngressRing ingress;
    private final Pipeline pipeline;
    private final Egress egress;
    private final EventLoop loop;
    private final DistinctErrors errors;
    private final EventPoller.Handler<PacketDescriptor> handler = this::handle;
    private int leftInChunk;
    private boolean draining;
    private boolean polling;
    private @Nullable Future<?> timer;
    private long timerNs = Long.MAX_VALUE;

    RunToCompletion(
            DescriptorRing ring,
            IngressRing ingress,
            Pipeline pipeline,
            Egress egress,
            EventLoop loop,
            DistinctErrors errors) {
        this.ring = ring;
        this.ingress = ingress;
        this.pipeline = pipeline;
        this.egress = egress;
        this.loop = loop;
        this.errors = errors;
    }

    @Override
    public void batchReady() {
        // While the ring is polled to make room, a drain would meet the same events again.
        if (draining || polling) {
            return;
        }
        drain();
        armTimer();
    }

    @Override
    public int headroom() {
        return polling ? 0 : HEADROOM;
    }

    @Override
    public boolean makeRoom() {
        if (polling) {
            return false;
        }
        pollAll();
        return true;
    }

    @Override
    public boolean awaitRoom() {
        return false;
    }

    private void drain() {
        draining = true;
        try {
            do {
                pollAll();
            } while (egress.flush() || !ring.isEmpty());
        } finally {
            draining = false;
        }
    }

    private void pollAll() {
        polling = true;
        try {
            pipeline.handedNs(System.nanoTime());
            boolean worked;
            do {
                leftInChunk = CHUNK;
                worked = ring.poll(handler) == EventPoller.PollState.PROCESSING;
                worked |= ingress.refill();
            } while (worked);
        } finally {
            polling = false;
        }
    }

    private boolean handle(PacketDescriptor event, long sequence, boolean endOfBatch) {
        try {
            pipeline.handle(event);
        } catch (RuntimeException | Error e) {
            errors.record("pipeline", e);
        }
        return --leftInChunk > 0;
    }

    /** Has the loop come back when the pipeline next has something due by itself. One timer at a time, or each would renew itself. */
    private void armTimer() {
        long dueNs = pipeline.nextDeadlineNs();
        if (dueNs < timerNs) {
            Future<?> later = timer;
            if (later != null) {
                later.cancel(false);
            }
            timerNs = dueNs;
            timer = loop.schedule(this::tick, Math.max(0, dueNs - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
    }

    private void tick() {
        timer = null;
        timerNs = Long.MAX_VALUE;
        ingress.claim().reset(EventKind.TICK, ingress.nowNs());
        ingress.publish();
        ingress.settle();
        armTimer();
    }
}

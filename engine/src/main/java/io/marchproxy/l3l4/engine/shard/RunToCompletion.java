package io.marchproxy.l3l4.engine.shard;

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
    /**
     * Room for what the egress reports back before a batch's slots are free again. An event makes it report two at the most as a
     * rule, its connection's reset and its end; what is more than this overflows.
     */
    private static final int HEADROOM = 8 * DescriptorRing.BATCH;

    /** The fewest slots that a ring may have, so that the headroom leaves room for traffic. */
    static final int FEWEST_SLOTS = 4 * HEADROOM;

    /**
     * The loop sleeps at least so long for what is due: held packets of a fast rate are due microseconds apart, and are sent together
     * rather than each by a turn of the loop. What is sent late was decided in time.
     */
    private static final long SHORTEST_SLEEP_NS = 50_000;

    private final DescriptorRing ring;
    private final IngressRing ingress;
    private final Pipeline pipeline;
    private final Egress egress;
    private final EventLoop loop;
    private final DistinctErrors errors;
    private final BatchTimer timer;
    private final DescriptorRing.BatchHandler handler = this::handle;
    private boolean draining;
    private boolean polling;
    private @Nullable Future<?> wakeUp;
    private long wakeUpNs = Long.MAX_VALUE;

    RunToCompletion(
            DescriptorRing ring,
            IngressRing ingress,
            Pipeline pipeline,
            Egress egress,
            EventLoop loop,
            DistinctErrors errors,
            ShardLatency latency) {
        this.ring = ring;
        this.ingress = ingress;
        this.pipeline = pipeline;
        this.egress = egress;
        this.loop = loop;
        this.errors = errors;
        this.timer = new BatchTimer(latency);
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
            boolean sent;
            do {
                pollAll();
                timer.decided();
                sent = egress.flush();
                timer.sent();
            } while (sent || !ring.isEmpty());
        } finally {
            draining = false;
        }
    }

    private void pollAll() {
        polling = true;
        try {
            long nowNs = System.nanoTime();
            pipeline.handedNs(nowNs);
            timer.batch(nowNs);
            boolean worked;
            do {
                worked = ring.poll(handler);
                worked |= ingress.refill();
            } while (worked);
        } finally {
            polling = false;
        }
    }

    private void handle(PacketDescriptor[] events, int from, int count) {
        pipeline.expect(events, from, count);
        int timed = timer.choose(events, from, count);
        for (int i = from; i < from + count; i++) {
            try {
                if (i == timed) {
                    pipeline.handle(events[i], timer);
                    timer.handled();
                } else {
                    pipeline.handle(events[i]);
                }
            } catch (RuntimeException | Error e) {
                errors.record("pipeline", e);
            }
        }
    }

    /** Has the loop come back when the pipeline next has something due by itself. One timer at a time, or each would renew itself. */
    private void armTimer() {
        long dueNs = pipeline.nextDeadlineNs();
        if (dueNs < wakeUpNs) {
            Future<?> later = wakeUp;
            if (later != null) {
                later.cancel(false);
            }
            wakeUpNs = dueNs;
            wakeUp = loop.schedule(
                    this::tick, Math.max(SHORTEST_SLEEP_NS, dueNs - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
    }

    private void tick() {
        wakeUp = null;
        wakeUpNs = Long.MAX_VALUE;
        ingress.claim().reset(EventKind.TICK, ingress.nowNs());
        ingress.publish();
        ingress.settle();
        armTimer();
    }
}

package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StageTimer;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;

/**
 * Times a batch with packets in it once a millisecond at the most, and one of its packets stage by stage, chosen at random. A
 * reading of the clock costs as much as two stages do, which is why not every packet is timed; nothing is allocated. One thread.
 */
final class BatchTimer extends SingleWriter implements StageTimer {
    /** Answer of {@link #choose} when none is to be timed. */
    static final int NONE = -1;

    private static final long PAUSE_NS = 1_000_000;
    private static final LatencyPoint[] STAGES = {
        LatencyPoint.CLASSIFY, LatencyPoint.SHAPE, LatencyPoint.MARK, LatencyPoint.ROUTE, LatencyPoint.TRACE
    };

    private final ResidenceTimes[] perStage = new ResidenceTimes[STAGES.length];
    private final long[] lapsNs = new long[STAGES.length];
    private final ResidenceTimes stages;
    private final ResidenceTimes egress;
    private final ResidenceTimes total;
    private boolean due;
    private boolean timing;
    private long batchNs;
    private long lastTimedNs = System.nanoTime() - PAUSE_NS;
    private long decidedNs;
    private long firstArrivalNs;
    private long random = 1;

    /** The least that two readings of the clock in a row were ever apart: what a lap of nothing shows. */
    private long clockNs = Long.MAX_VALUE;

    private long lapBeganNs;
    private int laps;

    BatchTimer(ShardLatency latency) {
        for (int i = 0; i < STAGES.length; i++) {
            perStage[i] = latency.at(STAGES[i]);
        }
        stages = latency.at(LatencyPoint.STAGES);
        egress = latency.at(LatencyPoint.EGRESS);
        total = latency.at(LatencyPoint.TOTAL);
    }

    /** A batch may follow, which begins now. */
    void batch(long nowNs) {
        batchNs = nowNs;
        decidedNs = nowNs;
        timing = false;
        due = nowNs - lastTimedNs >= PAUSE_NS;
    }

    /** Looks at the batch's events when it is due to be timed; answers the index of a packet to time stage by stage, or {@link #NONE}. */
    int choose(PacketDescriptor[] events, int from, int count) {
        if (!due) {
            return NONE;
        }
        for (int i = from; i < from + count; i++) {
            if (events[i].isData()) {
                due = false;
                timing = true;
                lastTimedNs = batchNs;
                firstArrivalNs = events[i].arrivalNs();
                return pick(events, i, from + count);
            }
        }
        return NONE;
    }

    private int pick(PacketDescriptor[] events, int first, int end) {
        // Knuth's MMIX generator: the timed packet must not fall into step with the traffic.
        random = random * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
        int any = first + (int) ((random >>> 33) % (end - first));
        return events[any].isData() ? any : first;
    }

    @Override
    public void begins() {
        laps = 0;
        long beforeNs = System.nanoTime();
        lapBeganNs = System.nanoTime();
        clockNs = Math.min(clockNs, lapBeganNs - beforeNs);
    }

    @Override
    public void passed() {
        long nowNs = System.nanoTime();
        lapsNs[laps++] = nowNs - lapBeganNs;
        lapBeganNs = nowNs;
    }

    /** The packet that was timed has been handled. */
    void handled() {
        for (int i = 0; i < laps; i++) {
            perStage[i].record(lapsNs[i] - clockNs, 1);
        }
        laps = 0;
    }

    /** The stages are through with the batch. */
    void decided() {
        if (timing) {
            decidedNs = System.nanoTime();
            stages.record(decidedNs - batchNs, 1);
        }
    }

    /** The batch has been sent, as far as the kernel took it. */
    void sent() {
        if (timing) {
            timing = false;
            long nowNs = System.nanoTime();
            egress.record(nowNs - decidedNs, 1);
            total.record(nowNs - firstArrivalNs, 1);
        }
    }
}

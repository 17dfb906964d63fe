package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.UDP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.route.BackendPool;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** 24 hours in which millions of sessions come and go, each ending at the tick in which its time-out comes. */
class DayOfSessionsTest implements PipelineOutput, Journal {
    private static final long DAY_NS = 24 * 3_600 * SECOND_NS;
    private static final long TICK_NS = 1L << FlowTimers.TICK_SHIFT;
    private static final long[] TIMEOUTS_NS = {30 * SECOND_NS, 1, 3_600 * SECOND_NS};
    private static final int SLOTS = 20_000;

    private final long[] expectedEndNs = new long[SLOTS];
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final TestFlowTable flows = new TestFlowTable(SLOTS);
    private long begun;
    private long ended;
    private long lastEndNs = Long.MIN_VALUE;

    @Test
    @Timeout(120)
    void shouldEndEachSessionWhenItsTimeHasComeThroughADay() {
        long seed = 24;
        Random random = new Random(seed);
        Pipeline pipeline = new Pipeline(settings(), flows, this, this);
        long nowNs = 0;
        while (nowNs < DAY_NS) {
            nowNs += random.nextLong(2 * SECOND_NS / 36);
            send(pipeline, random, nowNs);
        }
        pipeline.advanceTo(2 * DAY_NS);

        assertTrue(begun > 2_500_000, "sessions: " + begun);
        assertEquals(begun, ended);
        assertEquals(0, flows.size());
        for (int service = 0; service < TIMEOUTS_NS.length; service++) {
            assertEquals(0, pipeline.sessions(service));
        }
    }

    private void send(Pipeline pipeline, Random random, long nowNs) {
        int dice = random.nextInt(1_000);
        int service = dice < 5 ? 2 : dice < 300 ? 1 : 0;
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(UDP);
        packet.ipVersion(4);
        packet.service(service);
        packet.direction(Direction.TO_BACKEND);
        packet.sourceLow(random.nextInt(20_000));
        packet.lengthBytes(100);
        pipeline.handle(packet);
        assertEquals(Verdict.FORWARD, Verdict.in(packet));
        int slot = (int) packet.flowRef();
        boolean isNew = (packet.flags() & DescriptorFlags.NEW_FLOW) != 0;
        assertEquals(isNew, expectedEndNs[slot] == 0);
        begun += isNew ? 1 : 0;
        long deadlineNs = nowNs + TIMEOUTS_NS[service];
        expectedEndNs[slot] = -Math.floorDiv(-deadlineNs, TICK_NS) * TICK_NS;
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        assertEquals(FlowEnd.IDLE, reason);
        assertEquals(expectedEndNs[(int) flowRef], nowNs);
        assertTrue(nowNs >= lastEndNs, "sessions end in the order of their times");
        lastEndNs = nowNs;
        expectedEndNs[(int) flowRef] = 0;
        ended++;
    }

    private static PipelineSettings settings() {
        return TestSettings.of(1, List.of(service(0), service(1), service(2)), List.of(pool(0), pool(1), pool(2)));
    }

    private static ServiceProfile service(int id) {
        return new ServiceProfile(id, "service" + id, UDP, true, 0, TIMEOUTS_NS[id], SLOTS, false, 0);
    }

    private static BackendPool pool(int id) {
        return new BackendPool(List.of(id), 1, SECOND_NS);
    }

    @Override
    public void arrived(PacketDescriptor event) {
        // what ends, and when, is what this test looks at
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        // the verdict is checked where the packet is sent
    }

    @Override
    public void forward(PacketDescriptor forwarded) {
        // sessions are what this test looks at
    }

    @Override
    public void drop(PacketDescriptor dropped, DropReason reason) {
        throw new AssertionError(reason.toString());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        // the journal hears of it too, with the time
    }
}

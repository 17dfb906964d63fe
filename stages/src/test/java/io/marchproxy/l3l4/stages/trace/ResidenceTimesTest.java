package io.marchproxy.l3l4.stages.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Random;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ResidenceTimesTest {
    private final ResidenceTimes times = new ResidenceTimes();

    @Test
    void shouldCountAsHdrHistogramItselfDoes() {
        Random random = new Random(5);
        Histogram model = new Histogram(ResidenceTimes.HIGHEST_NS, 2);
        for (int i = 0; i < 200_000; i++) {
            long ns = random.nextLong() >>> (24 + random.nextInt(40));
            times.record(ns, 1);
            model.recordValue(ns);
        }

        assertEquals(model, times.total());
    }

    @Test
    void shouldCountTimesOutOfRangeAtItsEnds() {
        times.record(-5, 2);
        times.record(Long.MAX_VALUE, 3);

        Histogram total = times.total();
        assertEquals(2, total.getCountAtValue(0));
        assertEquals(3, total.getCountAtValue(ResidenceTimes.HIGHEST_NS));
        assertEquals(5, total.getTotalCount());
    }

    @Test
    void shouldGiveEachReaderWhatCameSinceItsLastCall() {
        ResidenceTimes.Interval one = times.interval();
        times.record(1_000, 1);
        assertEquals(1, one.next().getTotalCount());
        times.record(2_000, 4);
        ResidenceTimes.Interval other = times.interval();

        assertEquals(4, one.next().getTotalCount());
        assertEquals(0, one.next().getTotalCount());
        assertEquals(5, other.next().getTotalCount());
        assertEquals(5, times.total().getTotalCount());
    }

    @Test
    void shouldMeasureUntilHandedOnOrReleased() {
        TraceStage stage = new TraceStage();
        PacketDescriptor packet = TestPackets.descriptor();
        packet.reset(EventKind.DATA, 1_000);
        assertEquals(Verdict.FORWARD, stage.process(packet, 1_000));
        stage.handedNs(1_200);
        stage.process(packet, 1_000);
        packet.flags(DescriptorFlags.WAS_HELD);
        packet.releaseNs(1_100);
        stage.process(packet, 1_100);
        packet.reset(EventKind.OPEN, 1);
        assertEquals(Verdict.FORWARD, stage.process(packet, 1_200));

        Histogram waits = stage.waits().total();
        assertEquals(1, waits.getCountAtValue(0));
        assertEquals(1, waits.getCountAtValue(200));
        assertEquals(2, waits.getTotalCount());
        Histogram holds = stage.holds().total();
        assertEquals(1, holds.getCountAtValue(100));
        assertEquals(1, holds.getTotalCount());
    }
}

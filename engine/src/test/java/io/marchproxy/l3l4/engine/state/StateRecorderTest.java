package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.FlowPhase;
import io.marchproxy.l3l4.engine.journal.JournalRing;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard whose hand-overs wait in a ring that the test empties, or not. */
class StateRecorderTest {
    private static final int RING_BYTES = 1 << 17;
    private static final int FLOWS = 2000;
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path data;

    private final JournalRing ring = new JournalRing(Arena.global(), RING_BYTES);
    private final int[] found = new int[1];
    private final OffHeapFlowTable flows = new OffHeapFlowTable(FLOWS, 42, Arena.global());
    private final StateRecorder recorder = new StateRecorder(ring, flows, SECOND);
    private final PacketDescriptor packet =
            new DescriptorSlab(Arena.global().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private Pipeline pipeline;
    private long nowNs = SECOND;

    @BeforeEach
    void begin() throws Exception {
        pipeline = new Pipeline(
                new SettingsCompiler()
                        .compile(Remembered.settings(data, "mode: off", "a b"))
                        .pipeline(),
                flows,
                new NoOutput(),
                recorder);
    }

    private void datagram(int port) {
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(17);
        packet.ipVersion(4);
        packet.service(1);
        packet.sourceLow(0xc0a8_0001L);
        packet.sourcePort(port);
        packet.destinationLow(0x7f00_0001L);
        packet.destinationPort(53);
        packet.lengthBytes(100);
        pipeline.handle(packet);
    }

    /** Empties the ring; gives what was in it as "phase packets". */
    private List<String> handedOver() {
        List<String> all = new ArrayList<>();
        for (int length = ring.find(RING_BYTES, found); length > 0; length = ring.find(RING_BYTES, found)) {
            for (long at = ring.found(); at < ring.found() + length; at += Records.length(at)) {
                FlowPhase phase = Records.phase(at);
                all.add(phase + " " + FlowEntry.packetsToBackend(Records.flowEntry(at)));
            }
            ring.release();
        }
        return all;
    }

    /** Lets so many seconds pass, in steps, since a walk is done in slices. */
    private void pass(int seconds) {
        for (int i = 0; i < seconds * 1000; i++) {
            nowNs += SECOND / 1000;
            packet.reset(EventKind.TICK, nowNs);
            pipeline.handle(packet);
        }
    }

    @Test
    void shouldHandOverWhatBeginsAndChangesAndEnds() {
        datagram(1);
        assertEquals(List.of("BEGIN 1"), handedOver());
        datagram(1);
        datagram(1);
        assertEquals(List.of(), handedOver());
        pass(2);
        assertEquals(List.of("PERIODIC 3"), handedOver());
        pass(50);
        assertEquals(List.of(), handedOver(), "nothing came since");
        pass(20);
        assertEquals(List.of("END 3"), handedOver());
    }

    @Test
    void shouldHandOverASessionThatMovesAtOnce() {
        datagram(1);
        handedOver();
        int home = packet.backend();
        packet.reset(EventKind.HEALTH, nowNs);
        packet.service(1);
        packet.backend(home);
        pipeline.handle(packet);
        datagram(1);

        assertEquals(List.of("PERIODIC 2"), handedOver());
    }

    @Test
    void shouldLoseWhatFindsTheRingFullAndMakeUpForIt() {
        for (int port = 1; port <= FLOWS; port++) {
            datagram(port);
        }
        long lost = recorder.lost();
        assertTrue(lost > 0, "a ring of 128 KiB does not hold 2,000 flows");
        List<String> first = handedOver();
        assertEquals(FLOWS, first.size() + lost);

        int madeUp = 0;
        for (int round = 0; round < 50 && madeUp < lost; round++) {
            pass(1);
            madeUp += handedOver().size();
        }
        assertEquals(lost, madeUp);
        assertEquals(lost, recorder.lost(), "the walk waits for room");
    }

    @Test
    void shouldWaitForRoomOnceTheServiceEnds() throws Exception {
        recorder.closing();
        Thread shard = Thread.ofPlatform().start(() -> {
            for (int port = 1; port <= FLOWS; port++) {
                datagram(port);
            }
            recorder.ended();
        });
        int handedOver = 0;
        while (shard.isAlive() || handedOver < FLOWS) {
            handedOver += handedOver().size();
        }
        shard.join();

        assertEquals(0, recorder.lost());
        assertEquals(FLOWS, handedOver + handedOver().size());
    }

    @Test
    void shouldAllocateNothingPerPacket() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 50_000; i++) {
            nowNs += 10_000;
            datagram(1 + i % 100);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 50_000; i++) {
            nowNs += 10_000;
            datagram(1 + i % 100);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 10_000, allocated + " bytes for 50,000 packets");
    }
}

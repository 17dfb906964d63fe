package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal written by the thread that runs the pipeline, and the packets' first bytes in it. */
class JournalWriterTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path data;

    private final PacketDescriptor packet = Recorded.descriptor();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = arena.allocate(4096);

    @AfterEach
    void free() {
        arena.close();
    }

    private JournalWriter writer(int snapBytes) throws JournalException {
        SessionInfo session = new SessionInfo(
                "test", JournalSettings.Mode.PACKETS, 0, 1, false, 42, 200_000, 0, 0, Recorded.settings(1));
        return new JournalWriter(data, session, snapBytes);
    }

    private Pipeline pipeline(JournalWriter writer) {
        return new Pipeline(
                Recorded.settings(1), new OffHeapFlowTable(200_000, 42, arena), Recorded.NO_OUTPUT, writer.journal());
    }

    private Path shard() {
        return data.resolve("journal").resolve("shard-0");
    }

    private List<String> snaps() throws IOException {
        List<String> snaps = new ArrayList<>();
        try (JournalReader reader = new JournalReader(shard())) {
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    if (Records.type(at) == RecordType.SNAP) {
                        snaps.add(HexFormat.of().formatHex(Records.snap(at)));
                    }
                }
            }
        }
        return snaps;
    }

    /** Nearly twice as much as the ring between the two halves holds, and nobody but the pipeline is called. */
    @Test
    void shouldLoseNothingHoweverMuchComesAtOnce() throws Exception {
        int flows = 100_000;
        try (JournalWriter writer = writer(0)) {
            Pipeline pipeline = pipeline(writer);
            for (int i = 0; i < flows; i++) {
                Recorded.datagram(packet, i & 0x7fff, i).destinationPort(i >> 15);
                pipeline.handle(packet);
            }
            for (long round = 1; round < 5; round++) {
                packet.reset(EventKind.TICK, round * 10 * SECOND);
                pipeline.handle(packet);
            }
            writer.end(50 * SECOND);
        }

        List<RecordType> types = Recorded.types(shard());
        // The cap of 1000 sessions drops the others, and each dropped one is an event and a decision as well.
        assertEquals(2 * flows + 1000 + 2 * 4 + 2, types.size());
        assertEquals(RecordType.END, types.getLast());
        assertTrue(types.stream().noneMatch(type -> type == RecordType.GAP));
    }

    @Test
    void shouldRecordTheFirstBytesOfEachDatagramOfARun() throws Exception {
        for (int i = 0; i < 100; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) i);
        }
        try (JournalWriter writer = writer(4)) {
            Pipeline pipeline = pipeline(writer);
            Recorded.datagram(packet, 1, 1).payloadAddress(bytes.address());
            packet.lengthBytes(35);
            packet.packets(3);
            packet.segmentBytes(16);
            pipeline.handle(packet);
            writer.end(2);
        }

        assertEquals(List.of("00010203", "10111213", "202122"), snaps());
        assertEquals(
                List.of(
                        RecordType.SESSION,
                        RecordType.SNAP,
                        RecordType.SNAP,
                        RecordType.SNAP,
                        RecordType.EVENT,
                        RecordType.DECISION,
                        RecordType.END),
                Recorded.types(shard()));
    }

    @Test
    void shouldRecordOfAnIpPacketWhatWasCapturedAndNoMore() throws Exception {
        bytes.fill((byte) 7);
        try (JournalWriter writer = writer(256)) {
            Pipeline pipeline = pipeline(writer);
            Recorded.datagram(packet, 1, 1).payloadAddress(bytes.address());
            packet.flags(DescriptorFlags.IP_PACKET);
            packet.lengthBytes(1000);
            packet.argument0(997);
            pipeline.handle(packet);
            packet.reset(EventKind.DATA, 2);
            IpPacket.describeMalformed(packet, bytes.address(), 0, 60);
            pipeline.handle(packet);
            writer.end(2);
        }

        assertEquals(List.of("070707", ""), snaps());
    }

    @Test
    void shouldRecordNothingOfAStreamNorWhenNotAsked() throws Exception {
        try (JournalWriter writer = writer(64)) {
            Pipeline pipeline = pipeline(writer);
            Recorded.datagram(packet, 1, 1);
            pipeline.handle(packet);
            writer.end(2);
        }
        assertEquals(List.of(), snaps());

        JournalSettings settings = Recorded.mode(JournalSettings.Mode.PACKETS);
        assertEquals(0, settings.snapBytes());
    }

    @Test
    void shouldAllocateNothingPerPacketForItsFirstBytes() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int packets = 20_000;
        try (JournalWriter writer = writer(64)) {
            Pipeline pipeline = pipeline(writer);
            pass(pipeline, packets);
            long before = threads.getCurrentThreadAllocatedBytes();
            pass(pipeline, packets);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            // The ring is written out once meanwhile, which is not the packets' doing.
            assertTrue(allocated < packets, allocated + " bytes for " + packets + " packets");
            writer.end(2);
        }
    }

    private void pass(Pipeline pipeline, int packets) {
        for (int i = 0; i < packets; i++) {
            Recorded.datagram(packet, 1 + i % 100, i).payloadAddress(bytes.address());
            pipeline.handle(packet);
        }
    }

    @Test
    void shouldKeepOthersOut() throws Exception {
        try (JournalWriter first = writer(0)) {
            assertTrue(assertThrows(JournalException.class, () -> writer(0))
                    .getMessage()
                    .contains("in use"));
            first.end(0);
        }
    }

    @Test
    void shouldFailWhereTheJournalCanNotBeWritten() throws Exception {
        Files.createDirectories(data.resolve("journal"));
        Files.writeString(data.resolve("journal").resolve("shard-0"), "a file");
        try (JournalWriter writer = writer(0)) {
            assertTrue(assertThrows(JournalException.class, () -> writer.end(0))
                    .getMessage()
                    .contains("writing failed"));
        }
    }

    @Test
    void shouldFailAtOnceWhenTheRingIsFullAndCanNotBeWrittenOut() throws Exception {
        Files.createDirectories(data.resolve("journal"));
        Files.writeString(data.resolve("journal").resolve("shard-0"), "a file");
        try (JournalWriter writer = writer(0)) {
            Pipeline pipeline = pipeline(writer);
            assertThrows(UncheckedIOException.class, () -> pass(pipeline, 1_000_000));
        }
    }
}

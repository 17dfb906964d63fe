package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalsTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path data;

    private final PacketDescriptor packet = Recorded.descriptor();

    @Test
    void shouldKeepNoneWhenItIsOff() throws Exception {
        assertNull(Journals.open(data, JournalSettings.DEFAULT, 1));
        assertFalse(Files.exists(data.resolve("journal")));
    }

    @Test
    void shouldRecordEachEventAndWhatCameOfIt() throws Exception {
        record(Mode.PACKETS, pipeline -> {
            pipeline.handle(Recorded.datagram(packet, 1, 5));
            pipeline.handle(Recorded.datagram(packet, 1, 6));
            packet.reset(EventKind.TICK, 10 * SECOND);
            pipeline.handle(packet);
        });

        assertEquals(
                List.of(
                        RecordType.SESSION,
                        RecordType.EVENT,
                        RecordType.DECISION,
                        RecordType.EVENT,
                        RecordType.DECISION,
                        RecordType.EVENT,
                        RecordType.FLOW_END,
                        RecordType.DECISION,
                        RecordType.END),
                Recorded.types(shard()));
    }

    @Test
    void shouldRecordTheSettingsThatAConfigurationBrings() throws Exception {
        record(Mode.PACKETS, pipeline -> configure(pipeline, 7));

        try (JournalReader reader = new JournalReader(shard())) {
            assertTrue(reader.next());
            JsonPieces pieces = new JsonPieces();
            long at = reader.recordsAt();
            assertTrue(pieces.add(at));
            SessionInfo session = pieces.session();
            assertEquals(Recorded.settings(1), session.settings());
            assertEquals(42, session.seed());
            at += Records.length(at);
            if (at == reader.recordsEnd()) {
                assertTrue(reader.next());
                at = reader.recordsAt();
            }
            assertEquals(RecordType.SETTINGS, Records.type(at));
            assertTrue(pieces.add(at));
            assertEquals(Recorded.settings(7), pieces.settings());
        }
    }

    @Test
    void shouldRecordBeginAndEndOfEachFlowInTheModeFlows() throws Exception {
        record(Mode.FLOWS, pipeline -> {
            pipeline.handle(Recorded.datagram(packet, 1, 1));
            for (int i = 2; i < 100; i++) {
                pipeline.handle(Recorded.datagram(packet, 1, i));
            }
            packet.reset(EventKind.TICK, 10 * SECOND);
            pipeline.handle(packet);
        });

        assertEquals(
                List.of(RecordType.SESSION, RecordType.FLOW, RecordType.FLOW, RecordType.END), Recorded.types(shard()));
        try (JournalReader reader = new JournalReader(shard())) {
            long packets = 0;
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    if (Records.type(at) == RecordType.FLOW && Records.phase(at) == FlowPhase.END) {
                        packets = FlowEntry.packetsToBackend(Records.flowEntry(at));
                    }
                }
            }
            assertEquals(99, packets);
        }
    }

    @Test
    void shouldRecordAFlowThatLivesOnceAPeriod() throws Exception {
        record(Mode.FLOWS, pipeline -> {
            for (int i = 0; i <= 100; i++) {
                pipeline.handle(Recorded.datagram(packet, 1, SECOND + i * SECOND / 20));
                pipeline.handle(Recorded.datagram(packet, 2, SECOND + i * SECOND / 20));
            }
        });

        long flows = Recorded.types(shard()).stream()
                .filter(type -> type == RecordType.FLOW)
                .count();
        assertEquals(2 + 2 * 5, flows, "two begin, and in five seconds each is recorded once a second");
    }

    @Test
    void shouldLeaveOneGapWhenTheDiskIsTooSlow() throws Exception {
        Journals journals = open(Mode.PACKETS);
        try (Arena arena = Arena.ofConfined()) {
            Pipeline pipeline = pipeline(journals, arena);
            int sent = 0;
            // The writing thread has not been started yet, as if the disk hung.
            while (journals.status().getFirst().lostRecords() < 1000) {
                pipeline.handle(Recorded.datagram(packet, 1 + sent++ % 100, sent));
            }
            long lost = journals.status().getFirst().lostRecords();
            journals.start();
            while (journals.status().getFirst().waitingBytes() > 0) {
                Thread.onSpinWait();
            }
            pipeline.handle(Recorded.datagram(packet, 1, sent + 1));
            assertEquals(lost, journals.status().getFirst().lostRecords());
        }
        journals.close();

        List<RecordType> types = Recorded.types(shard());
        assertEquals(1, types.stream().filter(type -> type == RecordType.GAP).count());
        assertEquals(
                List.of(
                        RecordType.GAP,
                        RecordType.CHECKPOINT,
                        RecordType.STATE,
                        RecordType.SLOTS,
                        RecordType.EVENT,
                        RecordType.DECISION,
                        RecordType.END),
                types.subList(types.size() - 7, types.size()));
    }

    @Test
    void shouldKeepASecondProcessOut() throws Exception {
        Journals first = open(Mode.PACKETS);

        JournalException refusal = assertThrows(JournalException.class, () -> open(Mode.PACKETS));

        assertTrue(refusal.getMessage().contains("in use by another process"), refusal.getMessage());
        first.start();
        first.close();
        Journals again = open(Mode.PACKETS);
        again.start();
        again.close();
    }

    @Test
    void shouldSayWhyAFolderCanNotBeUsed() throws Exception {
        Files.writeString(data.resolve("journal"), "a file");

        JournalException refusal = assertThrows(JournalException.class, () -> open(Mode.FLOWS));

        assertTrue(refusal.getMessage().contains("can't be used"), refusal.getMessage());
    }

    @Test
    void shouldBeginANewSessionAtEachStart() throws Exception {
        record(Mode.PACKETS, pipeline -> pipeline.handle(Recorded.datagram(packet, 1, 5)));
        record(Mode.PACKETS, pipeline -> pipeline.handle(Recorded.datagram(packet, 1, 5)));

        List<RecordType> one = List.of(RecordType.SESSION, RecordType.EVENT, RecordType.DECISION, RecordType.END);
        List<RecordType> both = new ArrayList<>(one);
        both.addAll(one);
        assertEquals(both, Recorded.types(shard()));
    }

    @Test
    void shouldAllocateNothingPerPacket() throws Exception {
        Journals journals = open(Mode.PACKETS);
        journals.start();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            Pipeline pipeline = pipeline(journals, arena);
            for (int i = 0; i < 50_000; i++) {
                pipeline.handle(Recorded.datagram(packet, 1 + i % 100, i));
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50_000; i++) {
                pipeline.handle(Recorded.datagram(packet, 1 + i % 100, 50_000 + i));
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 10_000, allocated + " bytes for 50,000 packets");
        }
        journals.close();
    }

    @Test
    void shouldNameDamage() throws Exception {
        record(Mode.PACKETS, pipeline -> pipeline.handle(Recorded.datagram(packet, 1, 5)));
        Path file = Retention.files(shard()).getFirst();
        long document = documentOf(file);

        change(file, document + JournalLayout.DOCUMENT_HEADER + 20, (byte) 0x55);
        assertRefused("damaged");

        change(file, document + JournalLayout.DOCUMENT_VERSION, (byte) 9);
        assertRefused("written in layout 9; this program reads layout 6");

        change(file, document, (byte) 'X');
        assertRefused("none of a journal's");
    }

    @Test
    void shouldNameARecordWithoutSense() throws Exception {
        record(Mode.PACKETS, pipeline -> pipeline.handle(Recorded.datagram(packet, 1, 5)));
        Path file = Retention.files(shard()).getFirst();
        long document = documentOf(file);
        byte[] all = Files.readAllBytes(file);
        all[(int) document + JournalLayout.DOCUMENT_HEADER] = 77;
        int length = (all[(int) document - 4] & 0xff) + 256 * (all[(int) document - 3] & 0xff);
        ByteBuffer whole = ByteBuffer.wrap(all, (int) document, length).slice().order(ByteOrder.LITTLE_ENDIAN);
        whole.putInt(JournalLayout.DOCUMENT_CRC, JournalLayout.crc(whole.duplicate(), new CRC32C()));
        Files.write(file, all);

        assertRefused("record 0 has no sense");
    }

    @Test
    void shouldNameAFileThatIsMissingInTheMiddle() throws Exception {
        Journals journals = open(Mode.PACKETS);
        try (Arena arena = Arena.ofConfined()) {
            Pipeline pipeline = pipeline(journals, arena);
            journals.start();
            for (int i = 0; Retention.files(shardOrData()).size() < 3; i++) {
                if (journals.status().getFirst().waitingBytes() < 1 << 20) {
                    pipeline.handle(Recorded.datagram(packet, 1 + i % 100, i));
                }
            }
        }
        journals.close();
        Files.delete(Retention.files(shard()).get(1));

        assertRefused("of the session are missing");
    }

    @Test
    void shouldSayWhereAJournalWouldBe() throws Exception {
        JournalException refusal = assertThrows(JournalException.class, () -> JournalReader.shards(data));
        assertTrue(refusal.getMessage().startsWith("there is no journal in "), refusal.getMessage());
        Path nowhere = data.resolve("nowhere");
        assertTrue(assertThrows(JournalException.class, () -> JournalReader.shards(nowhere))
                .getMessage()
                .endsWith("is not there"));

        record(Mode.PACKETS, pipeline -> {});

        for (Path folder : List.of(data, data.resolve("journal"), shard())) {
            assertEquals(List.of(shard()), JournalReader.shards(folder));
        }
    }

    private Path shardOrData() {
        return Files.isDirectory(shard()) ? shard() : data;
    }

    private interface Traffic {
        void through(Pipeline pipeline);
    }

    private void record(Mode mode, Traffic traffic) throws IOException {
        Journals journals = open(mode);
        try (Arena arena = Arena.ofConfined()) {
            Pipeline pipeline = pipeline(journals, arena);
            journals.start();
            traffic.through(pipeline);
            journals.close();
        }
        assertEquals(JournalStatus.State.CLOSED, journals.status().getFirst().state());
    }

    private Journals open(Mode mode) throws JournalException {
        return Objects.requireNonNull(Journals.open(data, Recorded.mode(mode), 1));
    }

    private static Pipeline pipeline(Journals journals, Arena arena) {
        OffHeapFlowTable flows = new OffHeapFlowTable(1000, 42, arena);
        return new Pipeline(
                Recorded.settings(1),
                flows,
                Recorded.NO_OUTPUT,
                journals.open(Recorded.options(), Recorded.settings(1), flows));
    }

    private void configure(Pipeline pipeline, long version) {
        packet.reset(EventKind.CONFIG, 3);
        packet.argument0(version);
        packet.endpoint(Recorded.settings(version));
        pipeline.handle(packet);
    }

    private Path shard() {
        return data.resolve("journal").resolve("shard-0");
    }

    private void assertRefused(String message) {
        JournalException refusal = assertThrows(JournalException.class, () -> Recorded.types(shard()));
        assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
    }

    private static long documentOf(Path file) throws IOException {
        try (QueueFile queue = new QueueFile(file)) {
            assertEquals(QueueFile.Found.DOCUMENT, queue.next());
            return (queue.position() - queue.document().byteSize()) & -4;
        }
    }

    private static void change(Path file, long at, byte value) throws IOException {
        try (RandomAccessFile writer = new RandomAccessFile(file.toFile(), "rw")) {
            writer.seek(at);
            writer.write(value);
        }
    }
}

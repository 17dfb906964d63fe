package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings that take more than a document, which the writing thread puts into words. */
class JournalTextsTest {
    /** Some 280 bytes each, so that settings take a megabyte and a half: a dozen documents. */
    private static final int RULES = 6_000;

    @TempDir
    Path data;

    private final Arena arena = Arena.ofShared();
    private final PacketDescriptor packet = Recorded.descriptor();
    private Journals journals;
    private Pipeline pipeline;
    private long nowNs = 1;

    @BeforeEach
    void open() throws JournalException {
        journals = Objects.requireNonNull(Journals.open(data, Recorded.mode(Mode.PACKETS), 1));
        OffHeapFlowTable flows = new OffHeapFlowTable(1000, 42, arena);
        PipelineSettings first = Recorded.settings(1);
        pipeline = new Pipeline(first, flows, Recorded.NO_OUTPUT, journals.open(Recorded.options(), first, flows));
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private static PipelineSettings large(long version) {
        PipelineSettings small = Recorded.settings(version);
        ClassifySettings classify = small.classify();
        List<ClassifyRule> rules = new ArrayList<>();
        for (int i = 0; i < RULES; i++) {
            AddressPrefix from = new AddressPrefix(4, 0, 0x0a00_0000L | i << 8, 24);
            rules.add(new ClassifyRule(17, null, from, null, -1, 65_535, 53, 53, -1, 0, 46));
        }
        return new PipelineSettings(
                version,
                "large" + version,
                new ClassifySettings(classify.services(), rules),
                small.shape(),
                small.mark(),
                small.route());
    }

    private void configure(PipelineSettings settings) {
        packet.reset(EventKind.CONFIG, nowNs++);
        packet.argument0(settings.version());
        packet.endpoint(settings);
        pipeline.handle(packet);
    }

    private void send(int datagrams) {
        for (int i = 0; i < datagrams; i++) {
            pipeline.handle(Recorded.datagram(packet, 1 + i % 100, nowNs++));
        }
    }

    private void awaitDisk() {
        while (journals.status().getFirst().waitingBytes() > 0) {
            Thread.onSpinWait();
        }
    }

    /** What SETTINGS say, in order; and how many documents there are. */
    private record Said(List<PipelineSettings> settings, List<RecordType> types, int documents) {}

    private Said said() throws IOException {
        List<PipelineSettings> settings = new ArrayList<>();
        List<RecordType> types = new ArrayList<>();
        int documents = 0;
        JsonPieces pieces = new JsonPieces();
        try (JournalReader reader = new JournalReader(data.resolve("journal/shard-0"))) {
            while (reader.next()) {
                documents++;
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    RecordType type = Records.type(at);
                    types.add(type);
                    if (type == RecordType.SETTINGS && pieces.add(at)) {
                        settings.add(pieces.settings());
                    }
                }
            }
        }
        return new Said(settings, types, documents);
    }

    @Test
    void shouldSayWholeWhatTakesManyDocuments() throws Exception {
        journals.start();
        send(1_000);
        configure(large(2));
        send(1_000);
        configure(large(3));
        send(1_000);
        journals.close();

        Said said = said();
        assertEquals(List.of(large(2), large(3)), said.settings);
        assertTrue(said.documents > 20, () -> said.documents + " documents");
        assertEquals(0, journals.status().getFirst().lostRecords());
        assertEquals(
                3_002,
                said.types.stream().filter(type -> type == RecordType.EVENT).count());
    }

    /** The shard hands over eight bytes, however long the text is, and however far the disk is behind. */
    @Test
    void shouldTakeNoRoomInTheRing() {
        long before = journals.status().getFirst().waitingBytes();
        configure(large(2));
        long of = journals.status().getFirst().waitingBytes() - before;
        journals.start();
        journals.close();

        assertTrue(of < 200, () -> of + " bytes");
    }

    @Test
    void shouldSayAnewBehindAGapWhatWasLostInIt() throws Exception {
        // The writing thread has not been started yet, as if the disk hung.
        while (journals.status().getFirst().lostRecords() == 0) {
            send(1);
        }
        configure(large(2));
        journals.start();
        awaitDisk();
        send(10);
        configure(large(3));
        journals.close();

        Said said = said();
        assertEquals(List.of(large(3)), said.settings);
        assertEquals(
                1, said.types.stream().filter(type -> type == RecordType.GAP).count());
        int gap = said.types.indexOf(RecordType.GAP);
        assertEquals(RecordType.CHECKPOINT, said.types.get(gap + 1));
    }
}

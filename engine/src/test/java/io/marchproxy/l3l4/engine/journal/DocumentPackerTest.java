package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the writing thread makes shorter, a reader sees as the shard wrote it. */
class DocumentPackerTest {
    private static final int ROOM = JournalLayout.LONGEST_DOCUMENT - JournalLayout.DOCUMENT_HEADER;
    private static final int PAIR = 72;
    private static final int WIDE_PAIR = 96;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment recorded = arena.allocate(ROOM, 8);
    private final MemorySegment file = arena.allocate(ROOM, 8);
    private final PacketDescriptor packet = Recorded.descriptor();
    private final DocumentPacker packer = new DocumentPacker();
    private final DocumentUnpacker unpacker = new DocumentUnpacker();
    private int length;
    private int records;

    @AfterEach
    void free() {
        unpacker.close();
        arena.close();
    }

    private void event() {
        length += RecordEncoder.event(recorded.address() + length, packet);
        records++;
    }

    private void decision(Verdict verdict) {
        packet.releaseNs(packet.arrivalNs());
        length += RecordEncoder.outcome(recorded.address() + length, packet, verdict);
        records++;
    }

    /** A datagram of a client's flow, and that it goes on. */
    private void datagram(int client, long atNs, int bytes) {
        Recorded.datagram(packet, client, atNs).lengthBytes(bytes);
        event();
        packet.flowRef(client);
        packet.flowHash(client * 31);
        packet.backend(1);
        decision(Verdict.CONTINUE);
    }

    private int pack() {
        int packed = packer.pack(recorded.address(), length, file.address());
        assertTrue(packed <= length);
        assertTrue(unpacker.unpack(file.address(), packed), () -> "record " + unpacker.records() + " has no sense");
        assertEquals(records, unpacker.records());
        assertArrayEquals(
                recorded.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), bytes(unpacker.begin(), unpacker.end()));
        return packed;
    }

    @SuppressWarnings("restricted")
    private static byte[] bytes(long from, long to) {
        return MemorySegment.ofAddress(from).reinterpret(to - from).toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void shouldWriteAFlowsPairOnceInADocument() {
        for (int i = 0; i < 100; i++) {
            datagram(i % 4, 1_000 + i, 64 + i);
        }

        assertEquals(4 * PAIR + 96 * JournalLayout.REPEAT_LENGTH, pack());
        assertEquals(4 * PAIR + 96 * JournalLayout.REPEAT_LENGTH, pack(), "another document does not lean on this");
    }

    @Test
    void shouldTellTheDirectionsOfAFlowApart() {
        for (int i = 0; i < 10; i++) {
            datagram(1, i, 64);
            Recorded.datagram(packet, 1, i).direction(Direction.TO_CLIENT);
            packet.sourceHigh(1);
            event();
            packet.flowRef(1);
            packet.flowHash(31);
            decision(Verdict.CONTINUE);
        }

        assertEquals(PAIR + WIDE_PAIR + 18 * JournalLayout.REPEAT_LENGTH, pack());
    }

    @Test
    void shouldPackRunsOfDatagramsAndDrops() {
        for (int i = 0; i < 10; i++) {
            Recorded.datagram(packet, 7, i).packets(255 - i);
            packet.segmentBytes(1200);
            packet.lengthBytes(65_535 - i);
            event();
            decision(DropReason.QUEUE_FULL.drop(packet));
        }

        assertEquals(WIDE_PAIR + 9 * JournalLayout.REPEAT_LENGTH, pack());
    }

    @Test
    void shouldWriteATrainOnce() {
        for (int i = 0; i < 300; i++) {
            datagram(1, 5, 64);
        }
        datagram(1, 5, 63);
        datagram(1, 6, 63);
        datagram(2, 6, 63);
        datagram(1, 6, 63);
        datagram(1, 6, 63);

        // 299 are one more than fit; then another length, another time, and once more behind another flow's.
        assertEquals(PAIR + 4 * JournalLayout.REPEAT_LENGTH + PAIR + JournalLayout.REPEAT_LENGTH, pack());
    }

    @Test
    void shouldLeaveAsItIsWhatDiffers() {
        datagram(1, 1, 64);
        datagram(1, 2, 1 << 16);
        datagram(1, 3, -1);
        Recorded.datagram(packet, 1, 4).packets(256);
        event();
        packet.flowRef(1);
        packet.flowHash(31);
        packet.backend(1);
        decision(Verdict.CONTINUE);
        datagram(1, 5, 64);
        Recorded.datagram(packet, 1, 6).ingressDscp(46);
        event();
        packet.flowRef(1);
        packet.flowHash(31);
        packet.backend(1);
        decision(Verdict.CONTINUE);
        datagram(1, 7, 64);
        packet.backend(2);
        decision(Verdict.CONTINUE);

        // The fifth is as the first; the sixth takes its place, so that the seventh begins anew.
        assertEquals(length - PAIR + JournalLayout.REPEAT_LENGTH, pack());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldUnpackWhateverWasPacked(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int document = 0; document < 20; document++) {
            length = 0;
            records = 0;
            int flows = 1 << random.nextInt(14);
            int until = random.nextInt(ROOM - 2 * RecordEncoder.LONGEST);
            while (length < until) {
                add(random, flows);
            }
            pack();
        }
    }

    private void add(SplittableRandom random, int flows) {
        int client = random.nextInt(flows);
        switch (random.nextInt(20)) {
            case 0 -> {
                length += RecordEncoder.flowEnd(recorded.address() + length, client, FlowEnd.IDLE, length);
                records++;
            }
            case 1 -> {
                packet.reset(EventKind.TICK, length);
                event();
            }
            case 2 -> {
                Recorded.datagram(packet, client, length).argument1(random.nextInt(2));
                event();
                packet.flowHash(client * 31);
                decision(random.nextBoolean() ? Verdict.HOLD : Verdict.DROP);
            }
            case 3 -> {
                int snap = random.nextInt(40);
                length += RecordEncoder.snap(recorded.address() + length, file.address(), snap);
                records++;
            }
            default -> datagram(client, length >> 10, random.nextInt(3) * 600);
        }
    }

    @Test
    void shouldRefuseARepeatOfWhatIsNoPair() {
        datagram(1, 1, 64);
        packet.reset(EventKind.TICK, 2);
        event();
        datagram(1, 3, 65);
        int packed = pack();
        int repeat = packed - JournalLayout.REPEAT_LENGTH;
        assertEquals(RecordType.REPEAT, Records.type(file.address() + repeat));

        int ofDecision = 48 / Long.BYTES;
        int ofTick = PAIR / Long.BYTES;
        int ofItself = repeat / Long.BYTES;
        for (int word : new int[] {1, ofDecision, ofTick, ofItself, 65_535}) {
            file.set(ValueLayout.JAVA_SHORT, repeat + JournalLayout.REPEAT_OF, (short) word);
            assertFalse(unpacker.unpack(file.address(), packed), () -> "word " + word);
            assertEquals(3, unpacker.records());
        }
    }

    /** Longer than any document was that somebody packed. */
    @Test
    void shouldRefuseMoreThanADocumentHolds() {
        datagram(1, 1, 64);
        long event = recorded.address();
        int at = PAIR;
        for (; at + JournalLayout.REPEAT_LENGTH <= ROOM; at += JournalLayout.REPEAT_LENGTH) {
            RecordEncoder.repeat(event + at, 0, event, 1);
        }

        assertFalse(unpacker.unpack(event, at));
    }
}

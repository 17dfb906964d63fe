package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shard hands over as trains, a reader sees as if it had recorded one event after the other. */
class TrainTest {
    private static final int PAIR = 72;
    private static final int ROOM = JournalLayout.LONGEST_DOCUMENT - JournalLayout.DOCUMENT_HEADER;

    /** Enough for a pair and the longest REPEAT of it. */
    private static final int LEAST_ROOM = 64 << 10;

    private static final long BYTES = 32 << 20;

    /** Bytes of a descriptor that an event is recorded with, and those that a decision is; enums and such apart. */
    private static final int[] ARRIVES = {
        1, 2, 4, 5, 6, 7, 8, 13, 16, 23, 24, 31, 32, 40, 47, 48, 49, 50, 51, 52, 53, 54, 56, 60, 70, 71, 72, 75, 96,
        103, 104, 111, 112, 113, 116, 119
    };

    private static final int[] DECIDED = {56, 59, 63, 67, 68, 69, 71, 72, 75, 76, 79, 80, 87, 104, 111};

    private final Arena arena = Arena.ofConfined();
    private final JournalRing ring = new JournalRing(arena, 1 << 20);
    private final Recording recording = new Recording(ring, this::drain);
    private final Train train = recording.train();
    private final PacketDescriptor packet = Recorded.descriptor();
    private final DocumentPacker packer = new DocumentPacker();
    private final DocumentUnpacker unpacker = new DocumentUnpacker();
    private final MemorySegment file = arena.allocate(ROOM, 8);
    private final MemorySegment expected = arena.allocate(BYTES, 8);
    private final MemorySegment read = arena.allocate(BYTES, 8);
    private final int[] found = new int[1];
    private int room = ROOM;
    private long expectedBytes;
    private long readBytes;
    private long records;
    private long readRecords;
    private int documents;

    @AfterEach
    void free() {
        unpacker.close();
        arena.close();
    }

    private void datagram(int client, long atNs) {
        Recorded.datagram(packet, client, atNs);
        arrives();
        packet.flowRef(client);
        packet.flowHash(client * 31);
        packet.backend(1);
        decided(Verdict.FORWARD);
    }

    private void arrives() {
        expectedBytes += RecordEncoder.event(expected.address() + expectedBytes, packet);
        records++;
        train.event(packet);
    }

    private void decided(Verdict verdict) {
        expectedBytes += RecordEncoder.outcome(expected.address() + expectedBytes, packet, verdict);
        records++;
        train.outcome(packet, verdict);
    }

    private void flowEnds(int client) {
        expectedBytes += RecordEncoder.flowEnd(expected.address() + expectedBytes, client, FlowEnd.IDLE, 1);
        records++;
        recording.publish(RecordEncoder.flowEnd(recording.claim(RecordEncoder.LONGEST), client, FlowEnd.IDLE, 1));
    }

    /** As the writing thread does it, and a reader after it. */
    private void drain() {
        for (int length = ring.find(room, found); length > 0; length = ring.find(room, found)) {
            int packed = packer.pack(ring.found(), length, file.address());
            assertTrue(packed <= length);
            assertTrue(unpacker.unpack(file.address(), packed), () -> "record " + unpacker.records() + " has no sense");
            assertEquals(found[0], unpacker.records());
            long bytes = unpacker.end() - unpacker.begin();
            assertTrue(bytes <= room);
            Memory.copy(unpacker.begin(), read.address() + readBytes, bytes);
            readBytes += bytes;
            readRecords += found[0];
            documents++;
            ring.release();
        }
    }

    private void assertReadAsRecorded() {
        train.handOver();
        assertEquals(records, recording.written());
        drain();
        assertEquals(records, readRecords);
        assertEquals(expectedBytes, readBytes);
        assertEquals(-1, expected.asSlice(0, expectedBytes).mismatch(read.asSlice(0, readBytes)));
    }

    @Test
    void shouldHandATrainOverAsAPairAndHowOftenItCame() {
        for (int i = 0; i < 300; i++) {
            datagram(1, 5);
        }
        train.handOver();

        assertEquals(2 * (PAIR + JournalLayout.REPEAT_LENGTH), ring.waiting());
        assertReadAsRecorded();
    }

    @Test
    void shouldHandNothingOverBeforeItIsOver() {
        datagram(1, 5);
        datagram(1, 5);
        datagram(1, 5);
        assertEquals(0, ring.waiting());

        datagram(1, 6);
        assertEquals(PAIR + JournalLayout.REPEAT_LENGTH, ring.waiting());

        flowEnds(1);
        assertEquals(PAIR + JournalLayout.REPEAT_LENGTH + PAIR + 24, ring.waiting());
        assertReadAsRecorded();
    }

    @Test
    void shouldRecordAnEventOfATrainOfWhichNothingCame() {
        datagram(1, 5);
        datagram(1, 5);
        datagram(1, 5);
        Recorded.datagram(packet, 1, 5);
        arrives();
        datagram(1, 5);

        assertReadAsRecorded();
    }

    @Test
    void shouldKeepTheOrderOfWhatCameOfAnEventOfATrain() {
        for (int i = 0; i < 4; i++) {
            Recorded.datagram(packet, 1, 5);
            arrives();
            if (i > 1) {
                flowEnds(2);
            }
            packet.flowRef(1);
            decided(Verdict.FORWARD);
        }

        assertReadAsRecorded();
    }

    @Test
    void shouldPutNoMoreIntoADocumentThanItHoldsUnpacked() {
        room = LEAST_ROOM;
        for (int i = 0; i < 20; i++) {
            for (int j = 0; j < 64; j++) {
                datagram(i, i);
            }
        }
        train.handOver();

        // Fourteen trains of 64 pairs of 72 bytes; the fifteenth begins the next document.
        assertEquals(14 * (PAIR + JournalLayout.REPEAT_LENGTH), ring.find(room, found));
        assertEquals(14 * 64 * 2, found[0]);
        assertReadAsRecorded();
        assertEquals(2, documents);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void shouldHandOverWhateverComes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        while (expectedBytes < BYTES - (1 << 20)) {
            room = random.nextInt(LEAST_ROOM, ROOM);
            int client = random.nextInt(8);
            long atNs = random.nextLong(1, 4);
            int length = random.nextInt(1, 100);
            for (int i = 0; i < length; i++) {
                anyEvent(random, client, atNs);
            }
            if (random.nextInt(10) == 0) {
                drain();
            }
        }

        assertReadAsRecorded();
        assertTrue(documents > BYTES / ROOM);
    }

    private void anyEvent(SplittableRandom random, int client, long atNs) {
        Recorded.datagram(packet, client, atNs).payloadAddress(random.nextLong());
        switch (random.nextInt(60)) {
            case 0 -> packet.kind(EventKind.TICK);
            case 1 -> packet.direction(Direction.TO_CLIENT);
            case 2, 3 -> otherByte(random, ARRIVES);
            default -> packet.likelyFlow(random.nextLong());
        }
        arrives();
        if (random.nextInt(100) == 0) {
            flowEnds(client);
        }
        if (random.nextInt(200) == 0) {
            return;
        }
        packet.flowRef(client);
        packet.flowHash(client * 31);
        packet.backend(1);
        packet.trafficClass(2);
        switch (random.nextInt(60)) {
            case 0 -> decided(DropReason.QUEUE_FULL.drop(packet));
            case 1 -> decided(Verdict.HOLD);
            case 2 -> {
                packet.trafficClass(random.nextInt(4));
                decided(Verdict.FORWARD);
            }
            case 3, 4 -> {
                otherByte(random, DECIDED);
                decided(Verdict.FORWARD);
            }
            default -> decided(Verdict.FORWARD);
        }
        if (random.nextInt(50) == 0) {
            train.handOver();
        }
    }

    private void otherByte(SplittableRandom random, int[] places) {
        int place = places[random.nextInt(places.length)];
        assertTrue(place < DescriptorLayout.SIZE);
        Memory.putByte(packet.address() + place, (byte) random.nextInt(256));
    }
}

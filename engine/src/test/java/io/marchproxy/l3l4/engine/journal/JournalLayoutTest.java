package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Files outlive the program that wrote them: a byte that moves is another layout, and then the version counts up. */
class JournalLayoutTest {
    private final MemorySegment memory = Arena.global().allocate(256, 8);

    @Test
    void shouldKeepTheVersion() {
        assertEquals(6, JournalLayout.VERSION);
    }

    @Test
    void shouldKeepTheNumbersOfTypesCausesAndPhases() {
        assertEquals(
                "PAD SESSION SETTINGS EVENT DECISION RELEASE FLOW_END FLOW GAP END SNAP CHECKPOINT STATE SLOTS CHECKPOINT_END"
                        + " REPEAT TEXT",
                names(RecordType.values()));
        assertEquals("OVERRUN DISK_FULL WRITE_FAILED", names(GapCause.values()));
        assertEquals("BEGIN PERIODIC END", names(FlowPhase.values()));
    }

    @Test
    void shouldKeepTheNumbersOfWhatDescriptorsHold() {
        assertEquals("CONTINUE FORWARD HOLD DROP CONSUMED", names(Verdict.values()));
        assertEquals("IDLE REPLIES_COMPLETE EVICTED CLOSED RESET REFUSED", names(FlowEnd.values()));
        assertEquals(
                "DATA OPEN CONNECTED CONNECT_FAILED FIN RESET CLOSED BACKPRESSURE ICMP_ERROR TICK CONFIG HEALTH QUOTA"
                        + " SNAPSHOT RESTORE MEASURED ROOM SPENT",
                names(EventKind.values()));
    }

    @Test
    void shouldKeepTheBytesOfAnEvent() {
        PacketDescriptor packet = Recorded.datagram(Recorded.descriptor(), 0x1234, 0x0102030405060708L);
        packet.service(0x0a0b);
        packet.listener(0x0c0d);
        packet.ingressDscp(46);
        packet.ingressEcn(Ecn.CAPABLE_0);

        int length = RecordEncoder.event(memory.address(), packet);

        assertEquals(
                "0306000011 ba 0b0a 0d0c 3412 3500 0400 0807060504030201 ffffffffffffffff 40000000 01000000 0100a8c0 0100007f",
                hex(length, 5, 1, 2, 2, 2, 2, 2, 8, 8, 4, 4, 4, 4));
    }

    @Test
    void shouldKeepTheBytesOfAWideEventWithExtras() {
        PacketDescriptor packet = Recorded.datagram(Recorded.descriptor(), 0x1234, 1);
        packet.direction(Direction.TO_CLIENT);
        packet.sourceHigh(2);
        packet.destinationHigh(3);
        packet.argument0(4);
        packet.argument1(5);
        packet.backend(6);
        packet.segmentBytes(7);

        int length = RecordEncoder.event(memory.address(), packet);

        assertEquals(96, length);
        assertEquals("030c0007", hex(4, 4));
        assertEquals(
                "0200000000000000 0100a8c000000000 0300000000000000 0100007f00000000 0400000000000000 0500000000000000"
                        + " 06000000 07000000",
                hexFrom(40, 8, 8, 8, 8, 8, 8, 4, 4));
    }

    @Test
    void shouldKeepTheBytesOfARestoredSession() {
        PacketDescriptor packet = Recorded.datagram(Recorded.descriptor(), 0x1234, 1);
        packet.kind(EventKind.RESTORE);
        packet.argument0(4);
        packet.backend(6);
        packet.segmentBytes(7);
        MemorySegment state = Arena.global().allocate(FlowLayout.REMEMBERED_SIZE, 8);
        for (int i = 0; i < 6; i++) {
            state.setAtIndex(ValueLayout.JAVA_LONG, i, 0x10 + i);
        }
        packet.payloadAddress(state.address());

        int length = RecordEncoder.event(memory.address(), packet);

        assertEquals(120, length);
        assertEquals("030f0e04", hex(4, 4));
        assertEquals(
                "0400000000000000 0000000000000000 06000000 07000000 1000000000000000 1100000000000000 1200000000000000"
                        + " 1300000000000000 1400000000000000 1500000000000000",
                hexFrom(48, 8, 8, 4, 4, 8, 8, 8, 8, 8, 8));
    }

    @Test
    void shouldKeepTheBytesOfADecision() {
        PacketDescriptor packet = decided();

        int length = RecordEncoder.outcome(memory.address(), packet, Verdict.FORWARD);

        assertEquals(
                "0403 21 00 22 02 0300 09000000 dd0c0b0a 0500000001000000", hex(length, 2, 1, 1, 1, 1, 2, 4, 4, 8));
    }

    @Test
    void shouldKeepTheBytesOfADropWithExtras() {
        PacketDescriptor packet = decided();
        packet.argument1(11);
        packet.service(1);
        DropReason.QUEUE_FULL.drop(packet);

        int length = RecordEncoder.outcome(memory.address(), packet, Verdict.DROP);

        assertEquals(48, length);
        assertEquals("0406230c", hex(4, 4));
        assertEquals("0100000000000000 0b00000000000000 0100000000000000", hexFrom(24, 8, 8, 8));
    }

    @Test
    void shouldKeepTheBytesOfARelease() {
        PacketDescriptor packet = decided();
        packet.flags(4);
        packet.direction(Direction.TO_CLIENT);
        packet.releaseNs(99);

        int length = RecordEncoder.outcome(memory.address(), packet, Verdict.FORWARD);

        assertEquals(64, length);
        assertEquals("0508210022040300", hex(8, 8));
        assertEquals(
                "6300000000000000 0000000000000000 0000010000000000 0100000000000000 40000000 01000000",
                hexFrom(24, 8, 8, 8, 8, 4, 4));
    }

    @Test
    void shouldKeepTheBytesOfTheShortRecords() {
        assertEquals(24, RecordEncoder.flowEnd(memory.address(), 5, FlowEnd.EVICTED, 6));
        assertEquals("0603020000000000 0500000000000000 0600000000000000", hex(24, 8, 8, 8));
        assertEquals(16, RecordEncoder.gap(memory.address(), GapCause.DISK_FULL, 7));
        assertEquals("0802010000000000 0700000000000000", hex(16, 8, 8));
        assertEquals(32, RecordEncoder.end(memory.address(), 1, 2, 3));
        assertEquals("0904000000000000 0100000000000000 0200000000000000 0300000000000000", hex(32, 8, 8, 8, 8));
        MemorySegment entry = Arena.global().allocate(FlowLayout.SIZE, 8);
        assertEquals(152, RecordEncoder.flow(memory.address(), FlowPhase.END, 3, 8, 9, entry.address()));
        assertEquals("0713020300000000 0800000000000000 0900000000000000", hex(24, 8, 8, 8));
    }

    @Test
    void shouldKeepTheBytesOfARepeat() {
        PacketDescriptor packet = Recorded.datagram(Recorded.descriptor(), 0x1234, 0x0102030405060708L);
        packet.packets(9);
        MemorySegment event = Arena.global().allocate(RecordEncoder.LONGEST, 8);
        RecordEncoder.event(event.address(), packet);

        int length = RecordEncoder.repeat(memory.address(), 0xfedc, event.address(), 1);

        assertEquals("0f02dcfe 4000 09 01 0807060504030201", hex(length, 4, 2, 1, 1, 8));
    }

    @Test
    void shouldKeepTheBytesOfASnap() {
        MemorySegment packet = Arena.global().allocate(16);
        packet.copyFrom(MemorySegment.ofArray(new byte[] {0x45, 0, 0, 33, 5, 6, 7, 8, 9}));
        memory.fill((byte) 0xff);

        assertEquals(24, RecordEncoder.snap(memory.address(), packet.address(), 9));
        assertEquals("0a000900 18000000 4500002105060708 0900000000000000", hex(24, 4, 4, 8, 8));
        assertEquals(8, RecordEncoder.snap(memory.address(), packet.address(), 0));
        assertEquals("0a000000 08000000", hex(8, 4, 4));
        assertEquals(0, Records.snap(memory.address()).length);
    }

    private static PacketDescriptor decided() {
        PacketDescriptor packet = Recorded.datagram(Recorded.descriptor(), 1, 1);
        packet.trafficClass(2);
        packet.egressDscp(34);
        packet.flags(2);
        packet.rule(3);
        packet.backend(9);
        packet.flowHash(0x0a0b0cdd);
        packet.flowRef(1L << 32 | 5);
        return packet;
    }

    private static String names(Enum<?>[] values) {
        return Arrays.stream(values).map(Enum::name).collect(Collectors.joining(" "));
    }

    private String hex(int length, int... groups) {
        assertEquals(length, Arrays.stream(groups).sum());
        return hexFrom(0, groups);
    }

    private String hexFrom(int offset, int... groups) {
        StringBuilder text = new StringBuilder();
        int at = offset;
        for (int group : groups) {
            byte[] bytes = memory.asSlice(at, group).toArray(ValueLayout.JAVA_BYTE);
            text.append(text.isEmpty() ? "" : " ").append(HexFormat.of().formatHex(bytes));
            at += group;
        }
        return text.toString();
    }
}

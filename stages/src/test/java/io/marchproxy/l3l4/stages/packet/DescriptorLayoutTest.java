package io.marchproxy.l3l4.stages.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Journals hold descriptors as bytes: a field that moves, or an enumeration that changes its order, breaks their replay. */
class DescriptorLayoutTest {
    private final PacketDescriptor packet = TestPackets.descriptor();

    @Test
    void shouldPlaceEachFieldWhereTheDiagramSays() {
        assertEquals(128, DescriptorLayout.SIZE);
        assertPlace(0, 1, p -> p.kind(EventKind.of(1)));
        assertPlace(1, 1, p -> p.protocol(0xff));
        assertPlace(2, 1, p -> p.ipVersion(0xff));
        assertPlace(3, 1, p -> p.direction(Direction.TO_CLIENT));
        assertPlace(4, 2, p -> p.service(0xffff));
        assertPlace(6, 2, p -> p.listener(0xffff));
        assertPlace(8, 8, p -> p.arrivalNs(-1));
        assertPlace(16, 8, p -> p.sourceHigh(-1));
        assertPlace(24, 8, p -> p.sourceLow(-1));
        assertPlace(32, 8, p -> p.destinationHigh(-1));
        assertPlace(40, 8, p -> p.destinationLow(-1));
        assertPlace(48, 2, p -> p.sourcePort(0xffff));
        assertPlace(50, 2, p -> p.destinationPort(0xffff));
        assertPlace(52, 4, p -> p.lengthBytes(-1));
        assertPlace(56, 8, p -> p.flowRef(-1));
        assertPlace(64, 1, Verdict.FORWARD::writeTo);
        assertPlace(65, 1, p -> DropReason.TRUNCATED.drop(p));
        assertPlace(66, 1, p -> p.trafficClass(0xff));
        assertPlace(67, 1, p -> p.egressDscp(0xff));
        assertPlace(68, 2, p -> p.rule(0xffff));
        assertPlace(70, 1, p -> p.ingressTos(0xff));
        assertPlace(71, 1, p -> p.flags(0xff));
        assertPlace(72, 4, p -> p.backend(-1));
        assertPlace(76, 4, p -> p.flowHash(-1));
        assertPlace(80, 8, p -> p.releaseNs(-1));
        assertPlace(88, 8, p -> p.payloadAddress(-1));
        assertPlace(96, 8, p -> p.argument0(-1));
        assertPlace(104, 8, p -> p.argument1(-1));
        assertPlace(112, 4, p -> p.packets(-1));
        assertPlace(116, 4, p -> p.segmentBytes(-1));
        assertPlace(120, 8, p -> p.likelyFlow(0));
    }

    private void assertPlace(int offset, int length, Consumer<PacketDescriptor> write) {
        Memory.zero(packet.address(), DescriptorLayout.SIZE);
        write.accept(packet);
        int first = -1;
        int last = -1;
        for (int i = 0; i < DescriptorLayout.SIZE; i++) {
            if (Memory.getByte(packet.address() + i) != 0) {
                first = first < 0 ? i : first;
                last = i;
            }
        }
        assertEquals(offset, first);
        assertEquals(offset + length - 1, last);
    }

    @Test
    void shouldKeepTheNumbersOfEnumerationsThatJournalsHold() {
        assertEquals(
                "[DATA, OPEN, CONNECTED, CONNECT_FAILED, FIN, RESET, CLOSED, BACKPRESSURE, ICMP_ERROR, TICK, CONFIG, HEALTH,"
                        + " QUOTA, SNAPSHOT, RESTORE, MEASURED, ROOM, SPENT]",
                Arrays.toString(EventKind.values()));
        assertEquals("[TO_BACKEND, TO_CLIENT]", Arrays.toString(Direction.values()));
        assertEquals("[CONTINUE, FORWARD, HOLD, DROP, CONSUMED]", Arrays.toString(Verdict.values()));
        assertEquals(
                "[RING_FULL, TRUNCATED, OVERSIZED, MALFORMED, NO_SERVICE, FLOW_TABLE_FULL, SESSION_CAP, CONNECTION_CAP,"
                        + " ACCEPT_RATE, BAD_PROXY_HEADER, NO_HEALTHY_BACKEND, CONNECT_FAILED, QUEUE_FULL, FLOW_GONE,"
                        + " RESET, BACKEND_UNREACHABLE, SEND_FAILED, DRAINING, QUEUE_DELAY, BACKENDS_FULL, POLICED,"
                        + " NO_ROUTE]",
                Arrays.toString(DropReason.values()));
    }

    @Test
    void shouldKeepCodePointAndEcnFieldApart() {
        for (int tos = 0; tos < 256; tos++) {
            packet.ingressTos(tos);
            assertEquals(tos >> 2, packet.ingressDscp());
            assertEquals(tos & 3, packet.ingressEcn());
            packet.ingressDscp(46);
            assertEquals((46 << 2) | (tos & 3), packet.ingressTos());
            packet.ingressTos(tos);
            packet.ingressEcn(Ecn.CONGESTION_EXPERIENCED);
            assertEquals(tos | 3, packet.ingressTos());
        }
    }

    @Test
    void shouldForgetEverythingOnReset() {
        packet.payload("bytes");
        packet.endpoint("socket");
        packet.argument1(7);
        packet.reset(EventKind.FIN, 99);

        assertEquals(EventKind.FIN, packet.kind());
        assertEquals(99, packet.arrivalNs());
        assertEquals(99, packet.releaseNs());
        assertEquals(PacketDescriptor.NO_FLOW, packet.flowRef());
        assertEquals(PacketDescriptor.NO_BACKEND, packet.backend());
        assertEquals(PacketDescriptor.DSCP_UNCHANGED, packet.egressDscp());
        assertEquals(1, packet.packets());
        assertEquals(0, packet.argument1());
        assertNull(packet.payload());
        assertNull(packet.endpoint());
    }

    @Test
    void shouldMoveFieldsAndAttachmentsToExactlyOneOwner() {
        PacketDescriptor other = TestPackets.descriptor();
        packet.reset(EventKind.DATA, 5);
        packet.payload("bytes");
        packet.endpoint("socket");
        packet.argument0(17);

        other.moveFrom(packet);

        assertEquals(17, other.argument0());
        assertSame("bytes", other.takePayload());
        assertNull(other.payload());
        assertSame("socket", other.endpoint());
        assertNull(packet.payload());
        assertNull(packet.endpoint());
    }

    @Test
    void shouldRefuseASlabThatIsSmallOrCrooked() {
        try (Arena arena = Arena.ofConfined()) {
            var block = arena.allocate(4L * DescriptorLayout.SIZE, DescriptorLayout.SIZE);
            DescriptorSlab slab = new DescriptorSlab(block);

            assertEquals(4, slab.capacity());
            assertEquals(
                    block.address() + 3 * DescriptorLayout.SIZE, slab.view(3).address());
            assertThrows(IndexOutOfBoundsException.class, () -> slab.view(4));
            assertThrows(IndexOutOfBoundsException.class, () -> slab.view(-1));
            assertThrows(IllegalArgumentException.class, () -> new DescriptorSlab(block.asSlice(8)));
            assertThrows(IllegalArgumentException.class, () -> new DescriptorSlab(block.asSlice(0, 127)));
        }
    }
}

package io.marchproxy.l3l4.stages.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The durable map and the journal hold entries as bytes. */
class FlowLayoutTest {
    private final long entry =
            Arena.global().allocate(FlowLayout.SIZE, FlowLayout.SIZE).address();

    @Test
    void shouldKeepEveryFieldWhereItStands() throws IllegalAccessException {
        Map<String, Integer> places = new TreeMap<>();
        for (var field : FlowLayout.class.getFields()) {
            places.put(field.getName(), field.getInt(null));
        }
        assertEquals(
                "{BACKEND=48, BYTES_TO_BACKEND=80, BYTES_TO_CLIENT=96, CLASS_MASK=3, CLIENT_HIGH=0, CLIENT_LOW=8, CLIENT_PORT=32, CONNECT_NS=104,"
                        + " DROPPED_PACKETS=124, DSCP=53, EACH_PACKET=64, FIRST_SEEN_NS=64, GENERATION=44, HASH=40, ICMP_ERRORS=120,"
                        + " IP_VERSION=37, LAST_SEEN_NS=56, LISTENER_HIGH=16, LISTENER_LOW=24, LISTENER_PORT=34,"
                        + " PACKETS_TO_BACKEND=72, PACKETS_TO_CLIENT=88, PROTOCOL=36, REMEMBERED=56, REMEMBERED_SIZE=48,"
                        + " REPLIES_LEFT=122, ROUTES_VERSION=104, RULE=54,"
                        + " SERVICE=38, SESSION_NEXT=108, SESSION_PREVIOUS=104, SIZE=128, TCP_FLAGS=121, TIMER_NEXT=116,"
                        + " TIMER_PREVIOUS=112, TRAFFIC_CLASS=52, TRIED=104, TRIES=120}",
                places.toString());
    }

    @Test
    void shouldNotLetFieldsRunIntoOneAnother() {
        Memory.zero(entry, FlowLayout.SIZE);
        FlowEntry.classified(entry, 3, 63, 0xffff);
        FlowEntry.backend(entry, -2);
        FlowEntry.lastSeenNs(entry, -3);
        FlowEntry.firstSeenNs(entry, -4);
        FlowEntry.countToBackend(entry, 5, 6);
        FlowEntry.countToBackend(entry, 5, 6);
        FlowEntry.countToClient(entry, 7, 8);
        FlowEntry.tried(entry, 1L << 63);
        FlowEntry.tries(entry, 300);
        FlowEntry.sawTcpFlags(entry, 0x12);
        FlowEntry.sawTcpFlags(entry, 0xc1);
        FlowEntry.repliesLeft(entry, 65_535);
        FlowEntry.countDropped(entry, 9);

        assertEquals(3, FlowEntry.trafficClass(entry));
        assertEquals(63, FlowEntry.dscp(entry));
        assertEquals(65_535, FlowEntry.rule(entry));
        assertEquals(-2, FlowEntry.backend(entry));
        assertEquals(-3, FlowEntry.lastSeenNs(entry));
        assertEquals(-4, FlowEntry.firstSeenNs(entry));
        assertEquals(10, FlowEntry.packetsToBackend(entry));
        assertEquals(12, FlowEntry.bytesToBackend(entry));
        assertEquals(7, FlowEntry.packetsToClient(entry));
        assertEquals(8, FlowEntry.bytesToClient(entry));
        assertEquals(1L << 63, FlowEntry.tried(entry));
        assertEquals(0xd3, FlowEntry.tcpFlags(entry));
        assertEquals(255, FlowEntry.tries(entry));
        assertEquals(65_535, FlowEntry.repliesLeft(entry));
        assertEquals(9, FlowEntry.droppedPackets(entry));
    }

    @Test
    void shouldCountIcmpErrorsNoFurtherThanAByteGoes() {
        Memory.zero(entry, FlowLayout.SIZE);
        for (int i = 0; i < 300; i++) {
            FlowEntry.countIcmpError(entry);
        }
        assertEquals(255, FlowEntry.icmpErrors(entry));
    }

    @Test
    void shouldReadTheSameKeyFromPacketAndEntry() {
        PacketDescriptor packet = TestPackets.descriptor();
        packet.reset(EventKind.DATA, 0);
        packet.protocol(17);
        packet.ipVersion(6);
        packet.service(65_535);
        packet.sourceHigh(1);
        packet.sourceLow(-2);
        packet.sourcePort(65_535);
        packet.destinationHigh(3);
        packet.destinationLow(4);
        packet.destinationPort(53);
        FlowTable table = new TestFlowTable(1);

        long inserted = table.entry(table.insert(packet));

        FlowKey key = new FlowKey(17, 6, 65_535, 1, -2, 65_535, 3, 4, 53);
        assertEquals(key, FlowKey.of(packet));
        assertEquals(key, FlowKey.of(inserted));
        assertEquals(new FlowHash(42).of(key), FlowEntry.hash(inserted));
    }
}

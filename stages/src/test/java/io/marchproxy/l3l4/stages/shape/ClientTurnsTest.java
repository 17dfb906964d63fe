package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections of clients that are at their ceilings: whose turn it is, and what it costs to find that out. */
class ClientTurnsTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final RateLimit CLIENT = new RateLimit(8_000_000, 16_384);
    private static final RateLimit CONNECTION = new RateLimit(8_000_000_000L, 1 << 20);
    private static final long BYTE_NS = 1_000;

    /** Counts how often anybody's next packet is looked at. */
    private static final class CountingPackets extends HeldPackets {
        long looks;

        @Override
        PacketDescriptor at(int slot) {
            looks++;
            return super.at(slot);
        }
    }

    private final CountingPackets packets = new CountingPackets();
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final Map<Long, Long> bytesOf = new HashMap<>();
    private TestFlowTable flows = new TestFlowTable(100);
    private DirectionShaper shaper = new DirectionShaper(packets, flows);
    private long nowNs;

    private static ShapeSettings settings(RateLimit connection) {
        ClassLimits one = new ClassLimits(1_000, RateLimit.NONE);
        return new ShapeSettings(
                RateLimit.NONE,
                List.of(one, one, one, one),
                List.of(ServiceLimits.NONE.with(new EachLimits(CLIENT, CLIENT, connection, connection))),
                1);
    }

    private long flow(int client, int connection) {
        packet.reset(EventKind.DATA, nowNs);
        packet.sourceLow(client);
        packet.sourcePort(1_000 + connection % 50_000);
        packet.destinationPort(1 + connection / 50_000);
        return flows.insert(packet);
    }

    private Verdict send(long flowRef, int protocol, int bytes) {
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(protocol);
        packet.trafficClass(1);
        packet.direction(Direction.TO_CLIENT);
        packet.lengthBytes(bytes);
        packet.flowRef(flowRef);
        return shaper.process(packet, nowNs);
    }

    /** The flow of the next packet that leaves. */
    private long release() {
        while (true) {
            nowNs = shaper.dueNs();
            PacketDescriptor released = shaper.next(nowNs);
            if (released != null) {
                bytesOf.merge(released.flowRef(), (long) released.lengthBytes(), Long::sum);
                long flowRef = released.flowRef();
                shaper.released(nowNs);
                return flowRef;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1_500, 8_000})
    void shouldGiveConnectionsOfAClientAtItsCeilingTurnsByBytes(int largeBytes) {
        shaper.apply(settings(CONNECTION), true, null, nowNs);
        long large = flow(1, 1);
        long small = flow(1, 2);
        for (int i = 0; i < 1_000; i++) {
            send(large, TCP, largeBytes);
        }
        for (int i = 0; i < 20_000; i++) {
            send(small, TCP, 64);
        }
        bytesOf.clear();

        for (int i = 0; i < 10_000; i++) {
            release();
            long lead = bytesOf.getOrDefault(large, 0L) - bytesOf.getOrDefault(small, 0L);
            assertTrue(Math.abs(lead) <= largeBytes + 2 * Schedule.QUANTUM, "one is ahead by " + lead + " bytes");
        }
        assertTrue(bytesOf.get(small) > 300_000, bytesOf.toString());
    }

    /** What a client asks over one connection does not wait for all that it sends over another. */
    @Test
    void shouldLetAStreamGoBeforeTheBacklogOfAnotherOfItsClient() {
        shaper.apply(settings(RateLimit.NONE), true, null, nowNs);
        long bulk = flow(1, 1);
        for (int i = 0; i < 1_000; i++) {
            send(bulk, TCP, 1_000);
        }
        long asking = flow(1, 2);

        send(asking, TCP, 1);
        bytesOf.clear();
        while (release() != asking) {
            // what went before it
        }

        assertTrue(bytesOf.getOrDefault(bulk, 0L) <= 2 * Schedule.QUANTUM, bytesOf::toString);
    }

    /** CoDel keeps a client's datagrams short, from however many ports they come. */
    @Test
    void shouldHaveDatagramsOfAClientInOneQueue() {
        shaper.apply(settings(RateLimit.NONE), true, null, nowNs);
        long first = flow(1, 1);
        for (int i = 0; i < 50; i++) {
            send(first, UDP, 1_000);
        }
        long second = flow(1, 2);

        send(second, UDP, 1);
        bytesOf.clear();
        while (release() != second) {
            // what came before it
        }

        assertEquals(50_000 - 16_000, bytesOf.get(first), 1_000);
    }

    /** Turns are clients' first: who opens many connections gets no more of what is shared. */
    @Test
    void shouldGiveAClientWithManyConnectionsNoMoreThanOneWithASingle() {
        ShapeSettings each = settings(CONNECTION);
        shaper.apply(
                new ShapeSettings(new RateLimit(8_000_000, 16_384), each.classes(), each.services(), 1),
                true,
                null,
                nowNs);
        for (int i = 0; i < 9; i++) {
            long flowRef = flow(1, i);
            for (int j = 0; j < 100; j++) {
                send(flowRef, TCP, 1_000);
            }
        }
        long single = flow(2, 0);
        for (int i = 0; i < 500; i++) {
            send(single, TCP, 1_000);
        }
        bytesOf.clear();

        for (int i = 0; i < 800; i++) {
            release();
        }

        assertEquals(400_000, bytesOf.get(single), 2 * Schedule.QUANTUM);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 10_000})
    void shouldLookAtAFewPacketsForEachReleaseHoweverManyConnectionsAClientHas(int connections) {
        flows = new TestFlowTable(connections);
        shaper = new DirectionShaper(packets, flows);
        shaper.apply(settings(CONNECTION), true, null, nowNs);
        for (int i = 0; i < connections; i++) {
            long flowRef = flow(1, i);
            send(flowRef, TCP, 2_000);
            send(flowRef, TCP, 2_000);
        }

        for (int i = 0; i < connections / 2; i++) {
            packets.looks = 0;
            release();
            assertTrue(packets.looks <= 12, packets.looks + " packets were looked at for one that left");
        }
    }

    /** Connections at ceilings of their own come back one by one, each when its own lets it. */
    @Test
    void shouldLookAtAFewPacketsForEachReleaseOfConnectionsAtCeilingsOfTheirOwn() {
        flows = new TestFlowTable(5_000);
        shaper = new DirectionShaper(packets, flows);
        shaper.apply(settings(new RateLimit(1_000_000, 1_500)), true, null, nowNs);
        int connections = 5_000;
        for (int i = 0; i < connections; i++) {
            long flowRef = flow(i / 10, i);
            send(flowRef, TCP, 1_500);
            send(flowRef, TCP, 1_500);
        }
        packets.looks = 0;

        for (int i = 0; i < connections; i++) {
            release();
        }

        assertTrue(packets.looks <= 12L * connections, packets.looks + " looks for " + connections);
    }

    /** Who finds no room for a bucket of its own waits with others that do not, as one, and goes on so from a checkpoint. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHaveClientsThatShareABucketWaitAsOne(boolean byConnection) {
        int most = 2 * flows.capacity();
        ShapeSettings settings = settings(byConnection ? CONNECTION : RateLimit.NONE);
        shaper.apply(settings, true, null, nowNs);
        for (int client = 0; client < (byConnection ? most / 2 : most); client++) {
            long flowRef = flow(client, 1);
            assertEquals(Verdict.CONTINUE, send(flowRef, UDP, 10_000));
            flows.remove(flowRef);
        }
        long one = flow(1_000, 1);
        long other = flow(1_001, 1);
        send(one, UDP, 16_384);
        for (int i = 0; i < 10; i++) {
            assertEquals(Verdict.HOLD, send(one, UDP, 1_000));
            assertEquals(Verdict.HOLD, send(other, UDP, 1_000));
        }
        SavedState saved = new SavedState();
        shaper.save(saved);
        shaper = new DirectionShaper(packets, flows);
        shaper.apply(settings, true, null, nowNs);
        shaper.restore(saved.toRead());
        bytesOf.clear();

        for (int i = 1; i <= 16; i++) {
            release();
            assertEquals(1_000L * i * BYTE_NS, nowNs, "both together have what one may have");
        }

        assertEquals(8_000, bytesOf.get(one), 2 * Schedule.QUANTUM);
    }
}

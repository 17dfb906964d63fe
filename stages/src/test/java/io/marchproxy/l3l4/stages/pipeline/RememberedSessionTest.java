package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.DNS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.RememberedSessions;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.route.BackendPool;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** UDP sessions of before a restart: where they go when their client comes back. */
class RememberedSessionTest {
    private static final int MANY = 10;

    private final Bench bench = new Bench(TestSettings.initial());
    private final RememberedSessions remembered = bench.pipeline.remembered();
    private final long state =
            Arena.global().allocate(FlowLayout.REMEMBERED_SIZE, Long.BYTES).address();

    /** A session of client 10.0.0.1, last seen at a time, that had 5 packets of 500 bytes out and 4 of 400 back, and 3 dropped. */
    private void restore(int service, int port, int backend, long lastSeenNs) {
        bench.datagram(service, port, 0);
        PacketDescriptor event = bench.event;
        int listenerPort = event.destinationPort();
        event.kind(EventKind.RESTORE);
        event.backend(backend);
        event.argument0(MANY);
        event.segmentBytes(3);
        event.payloadAddress(state);
        long[] words = {lastSeenNs, lastSeenNs - 7 * SECOND_NS, 5, 500, 4, 400};
        for (int i = 0; i < words.length; i++) {
            Memory.putLong(state + 8L * i, words[i]);
        }
        assertEquals(List.of(), bench.send());
        assertEquals(listenerPort, event.destinationPort());
    }

    private String datagram(int service, int port) {
        bench.datagram(service, port, 10);
        return bench.sendOne();
    }

    private void configure(PipelineSettings settings) {
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(settings);
        bench.send();
    }

    private void unhealthy(int backend) {
        bench.make(EventKind.HEALTH, DNS);
        bench.event.backend(backend);
        bench.event.argument0(0);
        bench.send();
    }

    @Test
    void shouldFindTheirBackendAgain() {
        restore(DNS, 5000, 11, 0);
        restore(DNS, 5001, 11, 0);
        restore(DNS, 5002, 10, 0);

        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", datagram(DNS, 5000));
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 10 B", datagram(DNS, 5000));
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", datagram(DNS, 5001));
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5002));
        assertEquals(3, remembered.found());
        assertEquals(0, remembered.waiting());
        // The turn among the backends did not move: strangers begin with the first.
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 6000));
    }

    @Test
    void shouldGoOnCountingWhereTheyStood() {
        restore(DNS, 5000, 11, -2 * SECOND_NS);
        datagram(DNS, 5000);
        long flowRef = bench.flowRef();
        bench.of(EventKind.DATA, flowRef, TO_CLIENT);
        bench.event.lengthBytes(20);
        bench.event.packets(0);
        bench.send();

        long entry = bench.flows.entry(flowRef);
        assertEquals(6, FlowEntry.packetsToBackend(entry));
        assertEquals(510, FlowEntry.bytesToBackend(entry));
        assertEquals(4, FlowEntry.packetsToClient(entry));
        assertEquals(420, FlowEntry.bytesToClient(entry));
        assertEquals(3, FlowEntry.droppedPackets(entry));
        assertEquals(-9 * SECOND_NS, FlowEntry.firstSeenNs(entry));
        assertEquals(0, FlowEntry.lastSeenNs(entry));
    }

    @Test
    void shouldCountAgainstNoCapWhileTheyWait() {
        for (int i = 0; i < MANY; i++) {
            restore(DNS, 5000 + i, 11, 0);
        }

        assertEquals(0, bench.pipeline.sessions(DNS));
        assertEquals(0, bench.flows.size());
        for (int i = 0; i < 4; i++) {
            assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", datagram(DNS, 5000 + i));
        }
        assertEquals("drop SESSION_CAP DATA ▶ P0 10 B", datagram(DNS, 5004));
        assertEquals(MANY - 4, remembered.waiting());
    }

    @Test
    void shouldGoElsewhereWhenTheirBackendIsUnhealthyAndKeepTheirCounters() {
        restore(DNS, 5000, 11, 0);
        unhealthy(11);

        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5000));
        assertEquals(6, FlowEntry.packetsToBackend(bench.flows.entry(bench.flowRef())));
    }

    @Test
    void shouldGoElsewhereWhenTheirBackendIsNotThereAnyMore() {
        restore(DNS, 5000, PacketDescriptor.NO_BACKEND, 0);
        restore(DNS, 5001, 11, 0);
        configure(TestSettings.with(DNS, new BackendPool(List.of(12, 10), 1, SECOND_NS)));

        assertEquals("forward DATA ▶ P0 dscp 46 backend 12 new 10 B", datagram(DNS, 5000));
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5001));
    }

    @Test
    void shouldFindTheirBackendAtAnotherPlaceInItsPool() {
        restore(DNS, 5000, 11, 0);
        configure(TestSettings.with(DNS, new BackendPool(List.of(13, 12, 11), 1, SECOND_NS)));

        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", datagram(DNS, 5000));
    }

    @Test
    void shouldWaitOnWhileNobodyCanTakeThem() {
        restore(DNS, 5000, 11, 0);
        unhealthy(10);
        unhealthy(11);
        assertEquals("drop NO_HEALTHY_BACKEND DATA ▶ P0 dscp 46 new 10 B", datagram(DNS, 5000));
        assertEquals(1, remembered.waiting());

        bench.make(EventKind.HEALTH, DNS);
        bench.event.backend(11);
        bench.event.argument0(1);
        bench.send();
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", datagram(DNS, 5000));
    }

    @Test
    void shouldBeForgottenWhenTheyWereSilentForTheirTimeOut() {
        restore(GAME, 5000, 20, -4 * SECOND_NS);
        restore(GAME, 5001, 20, -10 * SECOND_NS);
        restore(DNS, 5002, 11, 0);
        assertEquals(2, remembered.waiting(), "one is too old already");

        bench.advanceTo(5 * SECOND_NS);
        assertEquals(2, remembered.waiting());
        bench.advanceTo(7 * SECOND_NS);
        assertEquals(1, remembered.waiting());
        bench.advanceTo(31 * SECOND_NS);
        assertEquals(0, remembered.waiting());
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5002));
        assertEquals(1, FlowEntry.packetsToBackend(bench.flows.entry(bench.flowRef())));
        assertEquals(0, remembered.found());
    }

    @Test
    void shouldFollowATimeOutThatAReloadChanges() {
        restore(GAME, 5000, 20, 0);
        configure(TestSettings.with(
                new ServiceProfile(GAME, "game", TestSettings.UDP, true, 3, 20 * SECOND_NS, 4, true, 0)));

        bench.advanceTo(15 * SECOND_NS);
        assertEquals(1, remembered.waiting());
        bench.advanceTo(21 * SECOND_NS);
        assertEquals(0, remembered.waiting());
    }

    @Test
    void shouldForgetThoseOfAServiceThatIsNotKnown() {
        restore(77, 5000, 11, 0);
        assertEquals(0, remembered.waiting());
    }

    @Test
    void shouldTakeNoMoreThanWereAnnounced() {
        for (int i = 0; i <= MANY; i++) {
            restore(DNS, 5000 + i, 11, 0);
        }
        assertEquals(MANY, remembered.waiting());
    }

    @Test
    void shouldGoOnWaitingInAReplayThatBeginsAtACheckpoint() {
        restore(DNS, 5000, 11, -3 * SECOND_NS);
        restore(DNS, 5001, PacketDescriptor.NO_BACKEND, 0);
        restore(GAME, 5002, 20, -4 * SECOND_NS);
        datagram(DNS, 5000);
        restore(DNS, 5003, 11, -1);
        bench.advanceTo(SECOND_NS);
        Saved saved = new Saved();
        remembered.save(saved);

        Bench later = new Bench(TestSettings.initial()).at(SECOND_NS);
        later.advanceTo(SECOND_NS);
        RememberedSessions again = later.pipeline.remembered();
        again.restore(saved.reader(), SECOND_NS);
        assertTrue(saved.numbers.isEmpty());
        assertEquals(3, again.waiting());
        later.datagram(DNS, 5003, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 new 10 B", later.sendOne());
        assertEquals(6, FlowEntry.packetsToBackend(later.flows.entry(later.flowRef())));
        assertEquals(3, FlowEntry.droppedPackets(later.flows.entry(later.flowRef())));
        later.advanceTo(7 * SECOND_NS);
        assertEquals(1, again.waiting(), "the game's session is forgotten at its time");
    }

    @Test
    void shouldNotKeepPacketsWaitingForACheckpointOfThousands() {
        assertTrue(remembered.isBriefToSave());
        Saved none = new Saved();
        remembered.save(none);
        assertEquals(List.of(0L), List.copyOf(none.numbers));
        RememberedSessions many = new RememberedSessions(new TestFlowTable(1), entry -> Long.MAX_VALUE);
        for (int i = 0; i <= 8192; i++) {
            bench.datagram(DNS, i, 0).kind(EventKind.RESTORE);
            bench.event.argument0(10_000);
            bench.event.payloadAddress(state);
            many.add(bench.event, 0);
        }
        assertFalse(many.isBriefToSave());
    }

    @Test
    void shouldNotBeFoundPastATimeOutThatAReloadShortened() {
        restore(DNS, 5000, 11, 0);
        configure(TestSettings.with(
                new ServiceProfile(DNS, "dns", TestSettings.UDP, true, 0, 5 * SECOND_NS, 4, false, 1)));
        bench.after(10 * SECOND_NS);

        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5000));
        assertEquals(1, FlowEntry.packetsToBackend(bench.flows.entry(bench.flowRef())));
    }

    /** A checkpoint's numbers. */
    private static final class Saved implements StateWriter {
        private final ArrayDeque<Long> numbers = new ArrayDeque<>();

        @Override
        public void number(long value) {
            numbers.add(value);
        }

        @Override
        public void block(long address, int bytes) {
            for (int i = 0; i < bytes; i += Long.BYTES) {
                numbers.add(Memory.getLong(address + i));
            }
        }

        StateReader reader() {
            return new StateReader() {
                @Override
                public long number() {
                    return numbers.remove();
                }

                @Override
                public void block(long address, int bytes) {
                    for (int i = 0; i < bytes; i += Long.BYTES) {
                        Memory.putLong(address + i, numbers.remove());
                    }
                }
            };
        }
    }

    @Test
    void shouldBelongToTheirServiceAndClientAlone() {
        restore(DNS, 5000, 11, 0);

        assertEquals("forward DATA ▶ P3 dscp 0 backend 20 new 10 B", datagram(GAME, 5000));
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", datagram(DNS, 5001));
        assertEquals(1, remembered.waiting());
        assertTrue((bench.event.flags() & DescriptorFlags.NEW_FLOW) != 0);
    }
}

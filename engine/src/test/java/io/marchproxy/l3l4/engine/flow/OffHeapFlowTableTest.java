package io.marchproxy.l3l4.engine.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.numa.NodeMemory;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowKey;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffHeapFlowTableTest {
    private final Arena arena = Arena.ofConfined();
    private final PacketDescriptor packet =
            new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20_260_101, -7})
    void shouldAgreeWithAHashMapOverRandomOperations(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int capacity = 1 + random.nextInt(300);
        FlowTable table = new OffHeapFlowTable(capacity, random.nextLong(), arena);
        Map<FlowKey, Long> model = new HashMap<>();
        List<Long> gone = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            FlowKey key = randomKey(random, capacity * 2);
            fill(key);
            if (random.nextBoolean()) {
                table.expect(new PacketDescriptor[] {packet}, 0, 1);
            }
            Long known = model.get(key);
            assertEquals(known == null ? PacketDescriptor.NO_FLOW : known, table.find(packet), "operation " + i);
            if (known != null && random.nextBoolean()) {
                table.remove(known);
                model.remove(key);
                gone.add(known);
            } else if (known == null) {
                long flowRef = table.insert(packet);
                if (model.size() == capacity) {
                    assertEquals(FlowTable.FULL, flowRef);
                } else {
                    assertEquals(key, FlowKey.of(table.entry(flowRef)));
                    model.put(key, flowRef);
                }
            }
            assertEquals(model.size(), table.size());
        }
        model.forEach((key, flowRef) -> {
            assertEquals(key, FlowKey.of(table.entry(flowRef)));
            assertEquals(flowRef, table.refAt((int) (long) flowRef));
        });
        gone.forEach(flowRef -> assertEquals(0, table.entry(flowRef)));
    }

    @Test
    void shouldNotKnowAReferenceThatWasNeverGivenOut() {
        FlowTable table = new OffHeapFlowTable(10, 1, arena);
        fill(randomKey(new Random(1), 5));
        long flowRef = table.insert(packet);
        table.remove(flowRef);

        long next = flowRef + (1L << 32);
        for (long madeUp : new long[] {next, next | Long.MIN_VALUE, table.refAt((int) flowRef), flowRef + 1, -2}) {
            assertEquals(0, table.entry(madeUp), Long.toHexString(madeUp));
            assertThrows(IllegalArgumentException.class, () -> table.remove(madeUp));
        }
        assertEquals(next, table.insert(packet), "now it is");
        assertNotEquals(0, table.entry(next));
    }

    @Test
    void shouldGiveOutTheSameReferencesForTheSameCalls() {
        assertEquals(referencesOf(11), referencesOf(11));
    }

    /** Seeds of the hash differ on purpose: where a key's cell is must not show. */
    private List<Long> referencesOf(long seed) {
        Random random = new Random(seed);
        FlowTable table = new OffHeapFlowTable(5_000, System.identityHashCode(random), arena);
        List<Long> references = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            fill(randomKey(random, 8_000));
            long flowRef = table.find(packet);
            if (flowRef == PacketDescriptor.NO_FLOW) {
                references.add(table.insert(packet));
            } else {
                table.remove(flowRef);
            }
        }
        return references;
    }

    @Test
    void shouldSetKeyHashAndLinksOfANewEntryAndClearTheRest() {
        FlowTable table = new OffHeapFlowTable(1, 5, arena);
        fill(randomKey(new Random(1), 10));
        Memory.putLong(table.entry(table.insert(packet)) + FlowLayout.BYTES_TO_CLIENT, 99);
        table.remove(table.find(packet));

        fill(randomKey(new Random(2), 10));
        long entry = table.entry(table.insert(packet));

        assertEquals(packet.flowHash(), FlowEntry.hash(entry));
        assertEquals(PacketDescriptor.NO_BACKEND, FlowEntry.backend(entry));
        assertEquals(-1, Memory.getInt(entry + FlowLayout.TIMER_PREVIOUS));
        assertEquals(-1, Memory.getInt(entry + FlowLayout.TIMER_NEXT));
        assertEquals(0, FlowEntry.bytesToClient(entry));
        assertEquals(0, entry % FlowLayout.SIZE);
    }

    @Test
    void shouldNotKnowReferencesThatItNeverGaveOut() {
        FlowTable table = new OffHeapFlowTable(10, 5, arena);

        for (long flowRef : new long[] {PacketDescriptor.NO_FLOW, FlowTable.FULL, 0, 9, 10, 1L << 32, Long.MAX_VALUE}) {
            assertEquals(0, table.entry(flowRef));
        }
        assertThrows(IllegalArgumentException.class, () -> table.remove(3));
    }

    /** A slot is given out again at once, so that a look ahead may have seen it in another flow's hands. */
    @Test
    void shouldNotTakeAFlowThatEndedSinceTheLookAheadForTheOneThatHasItsSlot() {
        FlowTable table = new OffHeapFlowTable(10, 5, arena);
        FlowKey key = randomKey(new Random(1), 10);
        FlowKey other = randomKey(new Random(2), 10);
        PacketDescriptor expected =
                new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        fill(key);
        long first = table.insert(packet);
        Memory.copy(packet.address(), expected.address(), DescriptorLayout.SIZE);
        table.expect(new PacketDescriptor[] {expected}, 0, 1);
        assertEquals(first, expected.likelyFlow());

        table.remove(first);
        assertEquals(PacketDescriptor.NO_FLOW, table.find(expected));
        fill(other);
        assertEquals((int) first, (int) table.insert(packet));
        assertEquals(PacketDescriptor.NO_FLOW, table.find(expected));
    }

    /** Huge pages do not mean that a table takes its whole room at once: a line of the kernel's own account says so. */
    @Test
    void shouldTakeUpOnlyWhatIsTouched() throws IOException {
        long before = residentBytes();
        try (NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE)) {
            FlowTable table = new OffHeapFlowTable(10_000_000, 5, memory);
            fill(randomKey(new Random(1), 10));
            table.insert(packet);

            assertTrue(residentBytes() - before < 256L << 20, "of 1.5 GB");
        }
    }

    private static long residentBytes() throws IOException {
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
        return Long.parseLong(pages[1]) * 4096;
    }

    @Test
    void shouldKeepTwoFlowsOfOneKeyApartByReference() {
        FlowTable table = new OffHeapFlowTable(10, 5, arena);
        fill(randomKey(new Random(1), 10));
        long old = table.insert(packet);
        long young = table.insert(packet);

        table.remove(old);

        assertNotEquals(old, young);
        assertEquals(0, table.entry(old));
        assertEquals(young, table.find(packet));
    }

    @Test
    void shouldTellKeysApartByEachField() {
        FlowKey key = new FlowKey(17, 6, 3, 1, 2, 1000, 4, 5, 53);
        List<FlowKey> others = List.of(
                new FlowKey(6, 6, 3, 1, 2, 1000, 4, 5, 53),
                new FlowKey(17, 4, 3, 1, 2, 1000, 4, 5, 53),
                new FlowKey(17, 6, 2, 1, 2, 1000, 4, 5, 53),
                new FlowKey(17, 6, 3, 9, 2, 1000, 4, 5, 53),
                new FlowKey(17, 6, 3, 1, 9, 1000, 4, 5, 53),
                new FlowKey(17, 6, 3, 1, 2, 1001, 4, 5, 53),
                new FlowKey(17, 6, 3, 1, 2, 1000, 9, 5, 53),
                new FlowKey(17, 6, 3, 1, 2, 1000, 4, 9, 53),
                new FlowKey(17, 6, 3, 1, 2, 1000, 4, 5, 54));
        FlowTable table = new OffHeapFlowTable(16, 5, arena);
        fill(key);
        long entry = table.entry(table.insert(packet));
        assertTrue(OffHeapFlowTable.hasKeyOf(entry, packet));
        for (FlowKey other : others) {
            fill(other);
            assertFalse(OffHeapFlowTable.hasKeyOf(entry, packet), other.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, OffHeapFlowTable.HIGHEST_CAPACITY + 1})
    void shouldRefuseACapacityThatCannotBe(int capacity) {
        assertThrows(IllegalArgumentException.class, () -> new OffHeapFlowTable(capacity, 1, arena));
    }

    private static FlowKey randomKey(Random random, int variety) {
        int n = random.nextInt(variety);
        boolean v6 = n % 3 == 0;
        return new FlowKey(
                n % 5 == 0 ? 6 : 17,
                v6 ? 6 : 4,
                n % 7,
                v6 ? 0x2001_0db8_0000_0000L + n : 0,
                0x0a00_0000L + n / 4,
                40_000 + n % 4,
                v6 ? 0x2001_0db8_ffff_0000L : 0,
                0x7f00_0001L,
                8080);
    }

    private void fill(FlowKey key) {
        packet.reset(EventKind.DATA, 0);
        packet.protocol(key.protocol());
        packet.ipVersion(key.ipVersion());
        packet.service(key.service());
        packet.sourceHigh(key.clientHigh());
        packet.sourceLow(key.clientLow());
        packet.sourcePort(key.clientPort());
        packet.destinationHigh(key.listenerHigh());
        packet.destinationLow(key.listenerLow());
        packet.destinationPort(key.listenerPort());
    }
}

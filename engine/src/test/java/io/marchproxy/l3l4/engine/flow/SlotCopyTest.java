package io.marchproxy.l3l4.engine.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A copy of a table that is used meanwhile is the table as it was when the copy began. */
class SlotCopyTest {
    private static final long SEED = 9;

    private final Arena arena = Arena.ofConfined();
    private final PacketDescriptor packet =
            new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private final List<Long> flows = new ArrayList<>();

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 15", "3, 16", "4, 17", "5, 1000", "6, 1023", "7, 1024", "8, 3000"})
    void shouldBeTheTableAsItWas(long seed, int capacity) {
        Random random = new Random(seed);
        OffHeapFlowTable table = new OffHeapFlowTable(capacity, SEED, arena);
        use(table, random, 4 * capacity);
        for (int round = 0; round < 5; round++) {
            byte[][] before = content(table);
            Numbers numbers = new Numbers();
            table.save(numbers);
            Copy copy = new Copy(table);
            table.beginCopy(copy);
            int slots = table.slots();
            while (table.copyOn()) {
                use(table, random, random.nextInt(4));
            }
            assertFalse(table.copyOn(), "it has ended");
            use(table, random, capacity);

            assertEquals(slots, copy.handed, "each slot once");
            OffHeapFlowTable restored = new OffHeapFlowTable(capacity, SEED, arena);
            restored.restore(numbers);
            copy.into(restored);
            restored.restored();
            assertArrayEquals(before, content(restored), "seed " + seed + ", round " + round);
        }
    }

    @Test
    void shouldCopyNoFurtherOnceItWasEnded() {
        OffHeapFlowTable table = new OffHeapFlowTable(100, SEED, arena);
        use(table, new Random(1), 300);
        Copy copy = new Copy(table);
        table.beginCopy(copy);
        assertTrue(table.copyOn());
        table.endCopy();
        int handed = copy.handed;

        use(table, new Random(2), 300);

        assertFalse(table.copyOn());
        assertEquals(handed, copy.handed);
    }

    @Test
    void shouldRefuseAContentThatContradictsItself() {
        OffHeapFlowTable table = new OffHeapFlowTable(10, SEED, arena);
        assertThrows(IllegalStateException.class, () -> table.restore(Numbers.of(11, 1, -1)), "too many slots");
        assertThrows(IllegalStateException.class, () -> table.restore(Numbers.of(2, 3, -1)), "more flows than slots");
        table.restore(Numbers.of(2, 1, 1));
        assertThrows(IllegalStateException.class, () -> table.restoreSlot(2));
        table.restoreFree(0, 7, 5);
        table.restoreFree(1, 7, 0);
        assertThrows(IllegalStateException.class, table::restored, "no flow, and a list that leads out of the table");
    }

    /** Flows come, go and count. */
    private void use(OffHeapFlowTable table, Random random, int operations) {
        for (int i = 0; i < operations; i++) {
            if (!flows.isEmpty() && random.nextInt(3) == 0) {
                table.remove(flows.remove(random.nextInt(flows.size())));
            } else if (table.size() < table.capacity() && random.nextInt(4) > 0) {
                packet.reset(EventKind.DATA, 0);
                packet.protocol(17);
                packet.sourceLow(random.nextLong());
                flows.add(table.insert(packet));
            } else if (!flows.isEmpty()) {
                FlowEntry.lastSeenNs(table.entry(flows.get(random.nextInt(flows.size()))), random.nextLong());
            }
        }
    }

    /** What a table holds: of free slots the order in which they come next, and their generations. */
    private static byte[][] content(OffHeapFlowTable table) {
        byte[][] content = new byte[table.slots()][];
        for (int slot = 0; slot < content.length; slot++) {
            long address = table.slotAddress(slot);
            byte[] bytes = new byte[FlowLayout.SIZE];
            for (int i = 0; i < bytes.length; i++) {
                boolean isKept = table.isInUse(slot)
                        || (i >= FlowLayout.GENERATION && i < FlowLayout.GENERATION + 4)
                        || (i >= FlowLayout.TIMER_NEXT && i < FlowLayout.TIMER_NEXT + 4);
                bytes[i] = isKept ? Memory.getByte(address + i) : 0;
            }
            content[slot] = bytes;
        }
        return content;
    }

    /** Takes the slots over as a journal does. */
    private static final class Copy implements SlotCopier {
        private final OffHeapFlowTable table;
        private final List<Runnable> restoring = new ArrayList<>();
        private OffHeapFlowTable target;
        private int handed;

        Copy(OffHeapFlowTable table) {
            this.table = table;
            this.target = table;
        }

        @Override
        public void copy(int firstSlot, int count) {
            handed += count;
            for (int i = firstSlot; i < firstSlot + count; i++) {
                int slot = i;
                if (table.isInUse(slot)) {
                    long[] words = new long[FlowLayout.SIZE / Long.BYTES];
                    Arrays.setAll(words, w -> Memory.getLong(table.slotAddress(slot) + (long) w * Long.BYTES));
                    restoring.add(() -> {
                        long to = target.restoreSlot(slot);
                        for (int w = 0; w < words.length; w++) {
                            Memory.putLong(to + (long) w * Long.BYTES, words[w]);
                        }
                    });
                } else {
                    int generation = table.freeGeneration(slot);
                    int next = Memory.getInt(table.slotAddress(slot) + FlowLayout.TIMER_NEXT);
                    restoring.add(() -> target.restoreFree(slot, generation, next));
                }
            }
        }

        void into(OffHeapFlowTable restored) {
            target = restored;
            restoring.forEach(Runnable::run);
        }
    }

    private static final class Numbers implements StateWriter, StateReader {
        private final Deque<Long> numbers = new ArrayDeque<>();

        static Numbers of(long... values) {
            Numbers all = new Numbers();
            Arrays.stream(values).forEach(all::number);
            return all;
        }

        @Override
        public void number(long value) {
            numbers.addLast(value);
        }

        @Override
        public long number() {
            return numbers.removeFirst();
        }

        @Override
        public void block(long address, int bytes) {
            throw new UnsupportedOperationException("a flow table has no blocks");
        }
    }
}

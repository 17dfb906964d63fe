package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NodeMemoryTest {
    /** A machine has no such node; the kernel's own limit is 1,024. */
    private static final int ABSENT_NODE = 1_000;

    @Test
    void shouldGiveZeroedAlignedPiecesThatDoNotOverlap() {
        Random random = new Random(5);
        List<MemorySegment> pieces = new ArrayList<>();
        try (NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE)) {
            for (int i = 0; i < 400; i++) {
                long alignment = 1L << random.nextInt(22);
                MemorySegment piece = memory.allocate(random.nextInt(100_000), alignment);
                assertEquals(0, piece.address() & (alignment - 1));
                assertTrue(piece.elements(ValueLayout.JAVA_BYTE)
                        .allMatch(each -> each.get(ValueLayout.JAVA_BYTE, 0) == 0));
                piece.fill((byte) (i % 127 + 1));
                pieces.add(piece);
            }
            for (int i = 0; i < pieces.size(); i++) {
                byte expected = (byte) (i % 127 + 1);
                assertTrue(pieces.get(i)
                        .elements(ValueLayout.JAVA_BYTE)
                        .allMatch(each -> each.get(ValueLayout.JAVA_BYTE, 0) == expected));
            }
        }
    }

    @Test
    void shouldEndWithItsPieces() {
        NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE);
        MemorySegment piece = memory.allocate(8, 8);
        memory.close();

        assertThrows(IllegalStateException.class, () -> piece.get(ValueLayout.JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, () -> memory.allocate(1 << 20, 8));
    }

    @Test
    void shouldRefuseAnAlignmentThatIsNoPowerOfTwo() {
        try (NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE)) {
            assertThrows(IllegalArgumentException.class, () -> memory.allocate(8, 3));
        }
    }

    @Test
    void shouldBindToANodeThatIsThere() {
        int node = Topology.read().nodes().getFirst().id();
        try (NodeMemory memory = new NodeMemory(node)) {
            MemorySegment piece = memory.allocate(1 << 20, 128);
            assertTrue(memory.isBound());
            assertEquals(node, MemoryPolicy.nodeOf(piece.address()));
        }
    }

    @Test
    void shouldGiveMemoryOfAnywhereWhenTheNodeIsRefused() {
        try (NodeMemory memory = new NodeMemory(ABSENT_NODE)) {
            MemorySegment piece = memory.allocate(1 << 20, 128);
            piece.fill((byte) 1);
            assertFalse(memory.isBound());
        }
        assertEquals(-Errno.EINVAL, MemoryPolicy.preferForThread(ABSENT_NODE));
    }

    @Test
    void shouldBindWhatOthersMapWhileTheyAreMade() {
        int node = Topology.read().nodes().getFirst().id();
        try (NodeMemory here = new NodeMemory(node);
                NodeMemory nowhere = new NodeMemory(ABSENT_NODE)) {
            try (AnonymousMemory mapped = AnonymousMemory.at(here, () -> new AnonymousMemory(1 << 20))) {
                assertEquals(node, MemoryPolicy.nodeOf(mapped.address()));
            }
            try (AnonymousMemory mapped = AnonymousMemory.at(nowhere, () -> new AnonymousMemory(1 << 20))) {
                assertTrue(mapped.address() != 0);
            }
            new AnonymousMemory(1 << 20).close();
            assertTrue(here.isBound());
            assertFalse(nowhere.isBound());
        }
    }

    @Test
    void shouldSayWhatIsMissingWhereTheCallIsForbidden() {
        assertTrue(MemoryPolicy.describe(-Errno.EPERM).contains("CAP_SYS_NICE"));
        assertTrue(MemoryPolicy.describe(-Errno.EINVAL).startsWith("EINVAL"));
    }
}

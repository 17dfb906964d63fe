package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TrafficBooksTest {
    @Test
    void shouldKeepEveryCellApart() {
        TrafficBooks books = new TrafficBooks(2);
        books.in(1, 2, TO_CLIENT, 1, 10);
        books.out(1, 2, TO_CLIENT, 2, 20);
        books.held(1, 2, TO_CLIENT, 3, 30);
        books.held(1, 2, TO_CLIENT, -1, -5);
        books.dropped(1, 2, TO_CLIENT, DropReason.DRAINING, 4, 40);

        assertEquals(1, books.inPackets(1, 2, TO_CLIENT));
        assertEquals(10, books.inBytes(1, 2, TO_CLIENT));
        assertEquals(2, books.outPackets(1, 2, TO_CLIENT));
        assertEquals(20, books.outBytes(1, 2, TO_CLIENT));
        assertEquals(2, books.heldPackets(1, 2, TO_CLIENT));
        assertEquals(25, books.heldBytes(1, 2, TO_CLIENT));
        assertEquals(4, books.droppedPackets(1, 2, TO_CLIENT, DropReason.DRAINING));
        assertEquals(40, books.droppedBytes(1, 2, TO_CLIENT, DropReason.DRAINING));
        assertEquals(0, books.droppedPackets(1, 2, TO_CLIENT, DropReason.RING_FULL));
        assertEquals(0, books.inPackets(1, 2, TO_BACKEND));
        assertEquals(0, books.inPackets(1, 3, TO_CLIENT));
        assertEquals(0, books.inPackets(0, 2, TO_CLIENT));
        assertEquals(0, books.inPackets(9, 2, TO_CLIENT));
    }

    @Test
    void shouldAddUpOverShardsAndKeepCopiesAsTheyWere() {
        TrafficBooks one = new TrafficBooks(1);
        TrafficBooks other = new TrafficBooks(2);
        one.in(0, 0, TO_BACKEND, 1, 10);
        other.in(0, 0, TO_BACKEND, 2, 20);
        other.in(1, 3, TO_CLIENT, 4, 40);
        TrafficBooks copy = other.copy();
        other.in(1, 3, TO_CLIENT, 100, 100);

        one.add(copy);

        assertEquals(2, one.services());
        assertEquals(30, one.inBytes(0, 0, TO_BACKEND));
        assertEquals(4, one.inPackets(1, 3, TO_CLIENT));
    }

    @Test
    void shouldSayEachDropReasonInASentenceAndALabelOfItsOwn() {
        Set<String> seen = new HashSet<>();
        for (DropReason reason : DropReason.values()) {
            assertTrue(seen.add(reason.sentence()));
            assertTrue(seen.add(reason.label()));
            assertTrue(reason.label().matches("[a-z-]+"));
            assertEquals(reason, DropReason.of(reason.ordinal()));
        }
        assertEquals(DropReason.values().length, DropReason.count());
        assertEquals(Verdict.HOLD, Verdict.of(2));
    }

    @Test
    void shouldRefuseSettingsThatCannotBe() {
        ServiceProfile fine = TestSettings.services().getFirst();
        assertThrows(IllegalArgumentException.class, () -> new ServiceProfile(70_000, "x", 6, true, 0, 0, 0, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new ServiceProfile(0, "x", 6, true, 4, 0, 0, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new ServiceProfile(0, "x", 6, true, 0, -1, 0, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new ServiceProfile(0, "x", 6, true, 0, 0, -1, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new ServiceProfile(0, "x", 6, true, 0, 0, 0, false, 65_536));
        assertThrows(IllegalArgumentException.class, () -> new ClassifySettings(List.of(fine, fine), List.of()));
        assertThrows(IllegalArgumentException.class, () -> new BackendPool(List.of(1), 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new MarkSettings(true, 64, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new MarkSettings(true, 0, 0, 0, -1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new PipelineSettings(
                        1,
                        "",
                        new ClassifySettings(List.of(fine), List.of()),
                        new ShapeSettings(1, 1, 1, 1),
                        new MarkSettings(true, 0, 0, 0, 0),
                        new RouteSettings(List.of())));
    }
}

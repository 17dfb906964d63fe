package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QuestionsTest {
    private static final int BACKEND = 3;

    private final Told told = new Told();
    private final Questions questions = new Questions(told);
    private final PacketDescriptor packet =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);

    private void leaves(Direction direction, long arrivalNs, long releaseNs) {
        packet.reset(EventKind.DATA, arrivalNs);
        packet.direction(direction);
        packet.backend(BACKEND);
        if (releaseNs != arrivalNs) {
            packet.releaseNs(releaseNs);
        }
        questions.leaves(packet);
    }

    @Test
    void shouldCountTheFirstBytesEachWay() {
        leaves(Direction.TO_CLIENT, 1, 1);
        leaves(Direction.TO_BACKEND, 10, 10);
        leaves(Direction.TO_BACKEND, 20, 20);
        leaves(Direction.TO_CLIENT, 50, 50);
        leaves(Direction.TO_CLIENT, 70, 70);
        leaves(Direction.TO_BACKEND, 80, 80);
        assertEquals(List.of("asked 3", "answered 3 after 40", "asked 3"), told.lines);
    }

    @Test
    void shouldNotTakeForTheBackendsTimeWhatARateHeldBackOfTheQuestion() {
        leaves(Direction.TO_BACKEND, 0, 2_000);
        leaves(Direction.TO_CLIENT, 2_010, 2_010);
        assertEquals(List.of("asked 3", "answered 3 after 10"), told.lines);
    }

    @Test
    void shouldKnowHowLongAnAnswerIsNotSeenThatARateHoldsBack() {
        leaves(Direction.TO_BACKEND, 0, 0);
        leaves(Direction.TO_CLIENT, 10, 3_000);
        assertEquals(List.of("asked 3", "answered 3 after 3000"), told.lines);
    }

    @Test
    void shouldForgetWhatAnotherBackendWasAsked() {
        leaves(Direction.TO_BACKEND, 0, 0);
        questions.forget();
        leaves(Direction.TO_CLIENT, 10, 10);
        leaves(Direction.TO_BACKEND, 20, 20);
        leaves(Direction.TO_CLIENT, 25, 25);
        assertEquals(List.of("asked 3", "asked 3", "answered 3 after 5"), told.lines);
    }

    /** Writes down what it is told. */
    private static final class Told implements ShardEgress {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void asked(int backend) {
            lines.add("asked " + backend);
        }

        @Override
        public void answered(int backend, long waitNs) {
            lines.add("answered " + backend + " after " + waitNs);
        }

        @Override
        public TrafficBooks books() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void dirty(BatchedEgress sender) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void bind(long flowRef, Endpoint endpoint) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void unbind(long flowRef) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable BackendTarget backend(int index) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void signal(int backend, int errno) {
            throw new UnsupportedOperationException("errno " + errno);
        }
    }
}

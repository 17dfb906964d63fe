package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The timer of the placement, on a loop whose timers the test fires by hand. */
class RunToCompletionTest {
    private static final int SERVICES = 3;

    private final Arena arena = Arena.ofConfined();
    private final List<Timer> timers = new ArrayList<>();
    private final EventLoop loop = proxy(EventLoop.class, (self, method, arguments) -> {
        if (!method.getName().equals("schedule")) {
            throw new UnsupportedOperationException(method.toString());
        }
        Timer timer = new Timer((Runnable) arguments[0], TimeUnit.NANOSECONDS.toSeconds((long) arguments[1]));
        timers.add(timer);
        return timer.future;
    });
    private final DistinctErrors errors = new DistinctErrors();
    private final IngressRing ingress;

    RunToCompletionTest() {
        DescriptorRing ring = new DescriptorRing(arena, RunToCompletion.FEWEST_SLOTS);
        ingress = new IngressRing(ring, new Overflow(arena), SERVICES);
        Egress egress = new Egress(SERVICES, new BackendDirectory(), (backend, errno) -> {}, errors);
        Pipeline pipeline = new Pipeline(settings(), new OffHeapFlowTable(10, 1, arena), egress, Journal.NONE);
        ingress.connect(new RunToCompletion(ring, ingress, pipeline, egress, loop, errors, new ShardLatency(pipeline)));
    }

    @AfterEach
    void close() {
        assertEquals(0, errors.total());
        arena.close();
    }

    @Test
    void shouldKeepOneTimerThoughAnotherDeadlineComesFirst() {
        for (int service = 0; service < SERVICES; service++) {
            session(service);
            assertEquals(1, timers.size(), timers::toString);
        }
        Timer timer = timers.getFirst();
        assertTrue(timer.seconds <= 20, timer::toString);
        timers.clear();
        timer.task.run();
        assertEquals(1, timers.size(), timers::toString);
    }

    private void session(int service) {
        PacketDescriptor packet = ingress.claim();
        packet.reset(EventKind.DATA, ingress.nowNs());
        packet.protocol(17);
        packet.ipVersion(4);
        packet.service(service);
        ingress.publish();
        ingress.settle();
    }

    private static PipelineSettings settings() {
        // The timers look at least every 68 s, so time-outs are shorter.
        return new PipelineSettings(
                1,
                "test",
                new ClassifySettings(
                        IntStream.range(0, SERVICES)
                                .mapToObj(id -> new ServiceProfile(
                                        id,
                                        "s" + id,
                                        17,
                                        true,
                                        2,
                                        TimeUnit.SECONDS.toNanos(60 - 20L * id),
                                        10,
                                        false,
                                        0))
                                .toList(),
                        List.of()),
                new ShapeSettings(1, 1, 1, 1),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(IntStream.range(0, SERVICES)
                        .mapToObj(id -> new BackendPool(List.of(id), 1, 1))
                        .toList()));
    }

    private final class Timer {
        private final Runnable task;
        private final long seconds;
        private final ScheduledFuture<?> future;

        Timer(Runnable task, long seconds) {
            this.task = task;
            this.seconds = seconds;
            this.future = proxy(ScheduledFuture.class, (self, method, arguments) -> {
                assertEquals("cancel", method.getName());
                return timers.remove(this);
            });
        }

        @Override
        public String toString() {
            return seconds + " s";
        }
    }

    private static <T> T proxy(Class<T> face, InvocationHandler handler) {
        return face.cast(Proxy.newProxyInstance(face.getClassLoader(), new Class<?>[] {face}, handler));
    }
}

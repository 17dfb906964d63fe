package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.engine.shard.BackendCounters;
import io.marchproxy.l3l4.engine.testing.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ResetWatchTest {
    private static final int RESET = 104;
    private static final int REFUSED = 111;

    private final Counts counts = new Counts();
    private final ResetWatch watch = new ResetWatch(0, counts);

    @Test
    void shouldTakeAFewForNothing() {
        assertFalse(watch.reset());
        assertFalse(watch.reset());
        assertTrue(watch.reset());
    }

    @Test
    void shouldForgetThoseOfLongAgo() {
        for (int i = 0; i < 10; i++) {
            assertFalse(watch.reset());
            turns(ResetWatch.TURNS);
        }
    }

    @Test
    void shouldCountOverAWhileWhereLittleGoesOn() {
        assertFalse(watch.reset());
        turns(6);
        assertFalse(watch.reset());
        turns(6);
        assertTrue(watch.reset());
    }

    @Test
    void shouldTellAtOnceOfABackendThatAnsweredMuchUntilNow() {
        counts.answers.addAndGet(1000);
        turns(2);
        assertFalse(watch.reset());
        assertFalse(watch.reset());
        assertTrue(watch.reset());
    }

    @Test
    void shouldSayNothingWhereMoreIsAnswered() {
        for (int i = 0; i < 100; i++) {
            counts.answers.addAndGet(2);
            assertFalse(watch.reset());
            turns(1);
        }
    }

    @Test
    void shouldBeginAnew() {
        watch.reset();
        watch.reset();
        watch.restart();
        assertFalse(watch.reset());
    }

    /** One client's resets at a service that has not been seen to answer, and then at one that has. */
    @Test
    void shouldTakeNoBackendOutOfAServiceThatNeverAnswers() throws Exception {
        BlockingQueue<Integer> out = new LinkedBlockingQueue<>();
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        try (HealthMonitor monitor =
                new HealthMonitor((target, usable) -> out.add(usable ? -1 : target.backend()), counts, 1)) {
            monitor.watch(List.of(
                    Targets.of(0, nobody, Probe.NONE),
                    Targets.of(1, nobody, Probe.NONE),
                    Targets.of(2, nobody, Probe.NONE)));
            resets(monitor, 100);
            monitor.failed(2, REFUSED);
            assertEquals(2, out.poll(30, TimeUnit.SECONDS), "told after all the resets");

            out.clear();
            Await.until("the service is known to answer", Duration.ofSeconds(30), () -> {
                counts.answers.addAndGet(10);
                counts.toClient.addAndGet(10);
                resets(monitor, 100);
                return out.contains(0);
            });
        }
    }

    private static void resets(HealthMonitor monitor, int count) {
        for (int i = 0; i < count; i++) {
            monitor.failed(0, RESET);
        }
    }

    private void turns(int count) {
        for (int i = 0; i < count; i++) {
            watch.turn();
        }
    }

    private static final class Counts implements BackendTraffic {
        private final AtomicLong answers = new AtomicLong();
        private final AtomicLong toClient = new AtomicLong();

        @Override
        public long questions(int backend) {
            return answers.get();
        }

        @Override
        public long answers(int backend) {
            return answers.get();
        }

        @Override
        public long promptness(int backend) {
            return answers.get() * BackendCounters.PROMPT;
        }

        @Override
        public long bytesToBackend(int backend) {
            return toClient.get();
        }

        @Override
        public long bytesToClient(int backend) {
            return toClient.get();
        }
    }
}

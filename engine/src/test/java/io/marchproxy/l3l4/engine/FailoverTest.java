package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.engine.health.ProbeTarget;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailoverTest {
    private static final int BACKEND = 3;

    private final BlockingQueue<BooleanSupplier> sweeps = new LinkedBlockingQueue<>();

    /** Its time to drain is that outage's alone: the next one's connections have theirs in full. */
    @Test
    void shouldNotResetForAnOutageThatIsOverThoughThereIsAnother() throws Exception {
        try (Failover failover = new Failover(1)) {
            failover.serve(List.of(), (backend, resetAfterNs, isOut) -> sweeps.add(isOut));
            failover.health().watch(List.of(target()));

            failover.health().drain(BACKEND, true);
            BooleanSupplier first = next();
            assertTrue(first.getAsBoolean(), "it lasts");

            failover.health().drain(BACKEND, false);
            failover.health().drain(BACKEND, true);
            BooleanSupplier second = next();
            assertFalse(first.getAsBoolean(), "the first outage is over");
            assertTrue(second.getAsBoolean(), "the second lasts");
        }
    }

    private BooleanSupplier next() throws InterruptedException {
        BooleanSupplier sweep = sweeps.poll(30, TimeUnit.SECONDS);
        assertNotNull(sweep, "the relay was not told");
        return sweep;
    }

    private static ProbeTarget target() {
        return new ProbeTarget(
                BACKEND,
                0,
                "web/tcp/b",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                "127.0.0.1",
                false,
                false,
                HealthSettings.DEFAULT_TCP.withProtocol(HealthSettings.Probe.NONE));
    }
}

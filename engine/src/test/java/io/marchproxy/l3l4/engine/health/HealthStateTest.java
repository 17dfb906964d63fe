package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class HealthStateTest {
    private static final long EJECT_NS = 1000;

    private final HealthState probed = new HealthState(target(true), 0);
    private final HealthState unprobed = new HealthState(target(false), 0);

    @Test
    void shouldStartHealthy() {
        assertTrue(probed.healthy());
    }

    @Test
    void shouldFlipAfterFailuresInARowOnly() {
        assertFalse(probed.probeFailed("refused", 1));
        assertFalse(probed.probeSucceeded(5, 2));
        assertFalse(probed.probeFailed("refused", 3));
        assertFalse(probed.probeFailed("refused", 4));
        assertTrue(probed.probeFailed("refused", 5));
        assertFalse(probed.healthy());
        assertEquals("refused", probed.lastError());
        assertEquals(5, probed.sinceNs());
    }

    @Test
    void shouldComeBackAfterSuccessesInARowOnly() {
        probed.trafficFailed("refused", 1);
        assertFalse(probed.probeSucceeded(5, 2));
        assertFalse(probed.probeFailed("refused", 3));
        assertFalse(probed.probeSucceeded(5, 4));
        assertTrue(probed.probeSucceeded(7, 5));
        assertTrue(probed.healthy());
        assertEquals(7, probed.rttNs());
        assertEquals("", probed.lastError());
    }

    @Test
    void shouldGoOutAtOnceWhenLiveTrafficFails() {
        assertTrue(probed.trafficFailed("connection refused", 9));
        assertFalse(probed.trafficFailed("connection refused", 10));
        assertFalse(probed.healthy());
    }

    @Test
    void shouldReturnByTimeWhenNothingProbesIt() {
        unprobed.trafficFailed("connection refused", 100);
        assertFalse(unprobed.timePassed(100 + EJECT_NS - 1));
        assertTrue(unprobed.timePassed(100 + EJECT_NS));
        assertTrue(unprobed.healthy());
    }

    @Test
    void shouldNotReturnByTimeWhenProbesDecide() {
        probed.trafficFailed("connection refused", 100);
        assertFalse(probed.timePassed(1_000_000));
    }

    @Test
    void shouldKeepWhatIsKnownUnderNewSettings() {
        probed.trafficFailed("connection refused", 100);
        HealthState next = new HealthState(target(true), 500);
        next.inherit(probed);
        assertFalse(next.healthy());
        assertEquals(100, next.sinceNs());
    }

    private static ProbeTarget target(boolean isProbed) {
        return new ProbeTarget(0, 0, "web/tcp/a", new InetSocketAddress(1), isProbed, 200, 100, 3, 2, EJECT_NS);
    }
}

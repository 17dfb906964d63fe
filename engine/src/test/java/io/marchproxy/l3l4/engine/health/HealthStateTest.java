package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthStateTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long INTERVAL = 200_000_000L;
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    private final HealthState probed = state(HealthSettings.DEFAULT_TCP);
    private final HealthState unprobed = state(HealthSettings.DEFAULT_TCP.withProtocol(Probe.NONE));

    @Test
    void shouldStartHealthy() {
        assertTrue(probed.healthy());
        assertEquals("healthy", probed.shown().state());
    }

    @Test
    void shouldFlipAfterFailuresInARowOnly() {
        assertFalse(probed.probeFailed("refused", 1));
        assertFalse(probed.probeSucceeded(5, 2));
        assertFalse(probed.probeFailed("refused", 3));
        assertTrue(probed.probeFailed("refused", 4));
        assertFalse(probed.healthy());
        assertEquals("refused", probed.lastError());
        assertEquals(4, probed.sinceNs());
        assertEquals("probes", probed.shown().state());
        assertEquals(Map.of(Ejection.PROBES, 1L), probed.shown().ejections());
    }

    @Test
    void shouldComeBackAfterSuccessesInARowAndItsHold() {
        probed.trafficFailed(Ejection.REFUSED, "refused", 0);
        assertFalse(probed.probeSucceeded(5, INTERVAL));
        assertFalse(probed.probeSucceeded(5, 2 * INTERVAL), "the hold is a second");
        assertFalse(probed.probeFailed("refused", SECOND));
        assertFalse(probed.probeSucceeded(5, SECOND + 1), "one success is not two");
        assertTrue(probed.probeSucceeded(7, SECOND + 2));
        assertTrue(probed.healthy());
        assertEquals(7, probed.window().rttNs());
        assertEquals("", probed.lastError());
    }

    @Test
    void shouldGoOutAtOnceWhenLiveTrafficFails() {
        assertTrue(probed.trafficFailed(Ejection.REFUSED, "connection refused", 9));
        assertFalse(probed.trafficFailed(Ejection.REFUSED, "connection refused", 10));
        assertEquals("refused", probed.shown().state());
    }

    @Test
    void shouldNotBelieveAConnectOfABackendThatWasSilent() {
        probed.trafficFailed(Ejection.SILENT, "no answer", 0);
        for (long now = INTERVAL; now < 5 * SECOND; now += INTERVAL) {
            assertFalse(probed.probeSucceeded(5, now), "a stopped process still accepts connections");
        }
        assertTrue(probed.probeSucceeded(5, 5 * SECOND), "it is tried again when eject-for is over");
    }

    @Test
    void shouldBelieveAProbeThatAsksTheProcess() {
        HealthState asked = new HealthState(Targets.of(0, ADDRESS, Probe.TCP, Targets.question("PING", "PONG")), 0);
        asked.trafficFailed(Ejection.SILENT, "no answer", 0);
        assertFalse(asked.probeSucceeded(5, 9_000_000));
        assertTrue(asked.probeSucceeded(5, 10_000_000), "hold is 10 ms in this test's settings, eject-for 50");
    }

    @Test
    void shouldReturnByTimeWhenNothingProbesIt() {
        unprobed.trafficFailed(Ejection.REFUSED, "connection refused", 100);
        assertFalse(unprobed.timePassed(100 + 5 * SECOND - 1));
        assertTrue(unprobed.timePassed(100 + 5 * SECOND));
        assertTrue(unprobed.healthy());
    }

    @Test
    void shouldStayOutForLongerWhileItsTrafficFailsStill() {
        unprobed.trafficFailed(Ejection.REFUSED, "connection refused", 0);
        unprobed.trafficFailed(Ejection.REFUSED, "connection refused", 2 * SECOND);
        assertFalse(unprobed.timePassed(7 * SECOND - 1));
        assertTrue(unprobed.timePassed(7 * SECOND));
    }

    @Test
    void shouldNotReturnByTimeWhenProbesDecide() {
        probed.trafficFailed(Ejection.REFUSED, "connection refused", 100);
        assertFalse(probed.timePassed(1_000 * SECOND));
    }

    @Test
    void shouldTakeOutWhatLosesTooMuchAndLetItBackWhenItLosesHalfOfThat() {
        HealthState lossy = state(settings(1_000, 0.3, Duration.ZERO));
        long now = 0;
        int out = 0;
        for (int i = 0; i < 150; i++) {
            now += INTERVAL;
            out += i % 3 == 0 ? flips(lossy.probeFailed("timed out", now)) : flips(lossy.probeSucceeded(5, now));
        }
        assertEquals(1, out, "a third is lost of the first full window");
        assertEquals("loss", lossy.shown().state());
        assertTrue(lossy.lastError().contains("% of the probes fail"), lossy::lastError);
        int until = 0;
        while (!lossy.probeSucceeded(5, now += INTERVAL)) {
            until++;
        }
        assertTrue(until > 20 && until < 40, "15 of 100 are a matter of some 27 more, not " + until);
    }

    @Test
    void shouldHaveNobodyOutForLossBeforeTheWindowIsFull() {
        HealthState lossy = state(settings(1_000, 0.3, Duration.ZERO));
        for (int i = 0; i < 49; i++) {
            assertFalse(lossy.probeFailed("timed out", i), "probe " + i);
        }
        assertTrue(lossy.probeFailed("timed out", 50));
    }

    /** Fails every third probe, and one failure is enough: without damping it would be switched 1,000 times in ten minutes. */
    @Test
    void shouldSwitchAFlappingBackendNoMoreThanTheDampingAllows() {
        HealthState flapping = state(settings(1, 1, Duration.ofSeconds(1)));
        int ejections = 0;
        for (int i = 1; i <= 3_000; i++) {
            long now = i * INTERVAL;
            if (i % 3 == 0) {
                ejections += flips(flapping.probeFailed("timed out", now));
            } else {
                flapping.probeSucceeded(5, now);
            }
        }
        // Holds of 1, 2, 4 … 32 s are 63 s, and then one of 60 s at a time.
        assertTrue(ejections >= 10 && ejections <= 7 + (600 - 63) / 60 + 1, "ejections: " + ejections);
    }

    /** A region of three is lost for ten seconds, returns for two, and is lost again; another region is as it was. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldTakeARegionOutInHalfASecondAndBackOnceForEachLoss(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        HealthState[] backends = new HealthState[6];
        long[] next = new long[6];
        long[] outSince = new long[6];
        for (int i = 0; i < 6; i++) {
            backends[i] = state(HealthSettings.DEFAULT_TCP);
            next[i] = random.nextLong(INTERVAL);
        }
        int flips = 0;
        for (long now = 0; now < 30 * SECOND; now += 1_000_000) {
            boolean lost = (now >= 5 * SECOND && now < 15 * SECOND) || (now >= 18 * SECOND && now < 20 * SECOND);
            for (int i = 0; i < 6; i++) {
                if (now >= next[i]) {
                    next[i] += INTERVAL;
                    boolean fails = lost && i < 3;
                    boolean flipped = fails
                            ? backends[i].probeFailed("timed out", now)
                            : backends[i].probeSucceeded(1_000_000, now);
                    if (flipped && fails) {
                        outSince[i] = now;
                        long sinceLossNs = now - (now < 16 * SECOND ? 5 : 18) * SECOND;
                        assertTrue(sinceLossNs <= 2 * INTERVAL, "out after " + sinceLossNs + ", seed " + seed);
                    } else if (flipped) {
                        long sinceReturnNs = now - (now < 18 * SECOND ? 15 : 20) * SECOND;
                        assertTrue(
                                sinceReturnNs <= 2 * INTERVAL && now - outSince[i] >= SECOND,
                                "back after " + sinceReturnNs + ", seed " + seed);
                    }
                    flips += flips(flipped);
                }
            }
        }
        assertEquals(3 * 2 * 2, flips, "three backends, out and back, twice");
        for (int i = 0; i < 6; i++) {
            assertTrue(backends[i].healthy());
            assertEquals(
                    i < 3 ? Map.of(Ejection.PROBES, 2L) : Map.of(),
                    backends[i].shown().ejections());
        }
    }

    @Test
    void shouldForgiveAFlapAfterTenHoldsInGoodHealth() {
        HoldDown hold = new HoldDown();
        assertEquals(SECOND, hold.begin(SECOND, 60 * SECOND, 0));
        assertEquals(2 * SECOND, hold.begin(SECOND, 60 * SECOND, SECOND));
        assertEquals(4 * SECOND, hold.begin(SECOND, 60 * SECOND, 9 * SECOND));
        assertEquals(4 * SECOND, hold.begin(SECOND, 60 * SECOND, 10 * SECOND), "one doubling is taken back");
        assertEquals(SECOND, hold.begin(SECOND, 60 * SECOND, 1_000 * SECOND));
    }

    @Test
    void shouldNeverHoldForLongerThanTheLongestHoldNorForLessThanItsBase() {
        HoldDown hold = new HoldDown();
        for (int i = 0; i < 100; i++) {
            long heldNs = hold.begin(SECOND, 60 * SECOND, 0);
            assertTrue(heldNs >= SECOND && heldNs <= 60 * SECOND, () -> "hold of " + heldNs);
        }
        assertEquals(90 * SECOND, new HoldDown().begin(90 * SECOND, 60 * SECOND, 0));
        assertEquals(0, new HoldDown().begin(0, 60 * SECOND, 0));
    }

    /** The rules that hold whatever happens, over random probes and errors. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldNeverReturnEarlyNorGoOutWithoutAReason(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        HealthState state = state(settings(2, 0.3, Duration.ofSeconds(1)));
        int inARow = 0;
        int flips = 0;
        long now = 0;
        for (int i = 0; i < 20_000; i++) {
            now += random.nextLong(INTERVAL);
            boolean before = state.healthy();
            long heldUntil = state.heldUntilNs();
            int kind = random.nextInt(i / 2_000 % 2 == 0 ? 40 : 4);
            boolean flipped;
            if (kind == 0) {
                inARow = 0;
                flipped = state.probeFailed("timed out", now);
            } else if (kind == 1) {
                inARow = 0;
                flipped =
                        state.trafficFailed(Ejection.values()[random.nextInt(Ejection.values().length)], "error", now);
                assertEquals(before, flipped, "an error of traffic counts at once, seed " + seed);
            } else {
                inARow++;
                flipped = state.probeSucceeded(1 + random.nextLong(1_000), now);
                assertTrue(
                        !flipped || (now >= heldUntil && inARow >= 2), "back too early, seed " + seed + ", event " + i);
            }
            assertEquals(before != state.healthy(), flipped, "seed " + seed + ", event " + i);
            flips += flips(flipped);
        }
        assertTrue(flips > 10, "the schedule flips: " + flips);
        assertEquals(
                (flips + 1) / 2,
                state.shown().ejections().values().stream()
                        .mapToLong(Long::longValue)
                        .sum());
    }

    @Test
    void shouldKeepWhatIsKnownUnderNewSettings() {
        probed.trafficFailed(Ejection.REFUSED, "connection refused", 100);
        HealthState next = new HealthState(probed.target(), 500);
        next.inherit(probed);
        assertFalse(next.healthy());
        assertEquals(100, next.sinceNs());
        assertEquals("refused", next.shown().state());
    }

    @Test
    void shouldBeUnfitWhileItIsDrainedHoweverHealthy() {
        assertTrue(probed.drain(true));
        assertFalse(probed.drain(true));
        assertTrue(probed.healthy());
        assertFalse(probed.usable());
        assertEquals("drained", probed.shown().state());
        assertTrue(probed.drain(false));
        assertTrue(probed.usable());
    }

    @Test
    void shouldReckonJitterAsRtpDoes() {
        ProbeWindow window = new ProbeWindow(10);
        window.answered(1_600);
        assertEquals(0, window.jitterNs());
        window.answered(3_200);
        assertEquals(100, window.jitterNs(), "a sixteenth of 1600");
        assertEquals(1_800, window.smoothedRttNs(), "an eighth of the way");
        window.failed();
        window.failed();
        assertEquals(0.5, window.loss());
        assertEquals(3_200, window.rttNs());
    }

    private static int flips(boolean flipped) {
        return flipped ? 1 : 0;
    }

    private static HealthState state(HealthSettings settings) {
        return new HealthState(Targets.of(0, ADDRESS, settings), 0);
    }

    private static HealthSettings settings(int unhealthyAfter, double maxLoss, Duration hold) {
        HealthSettings usual = HealthSettings.DEFAULT_TCP;
        return new HealthSettings(
                Probe.TCP,
                usual.interval(),
                usual.timeout(),
                unhealthyAfter,
                2,
                50,
                maxLoss,
                Question.NONE,
                new HealthSettings.Holds(hold, Duration.ofSeconds(5), Duration.ofMinutes(1)),
                usual.silence(),
                usual.onUnhealthy(),
                usual.drain());
    }
}

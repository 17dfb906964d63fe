package io.marchproxy.l3l4.stages.route;

import static io.marchproxy.l3l4.stages.route.PoolRig.MS;
import static io.marchproxy.l3l4.stages.route.PoolRig.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.pipeline.SavedState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The cheapest within 50 ms, where nothing probes: what is known, connects have told. A flow each millisecond in virtual time, of which
 * backend 0, the cheap one, answers after as long as it is told to, and backend 1 after 2 ms.
 */
class CostTrialsTest {
    private static final RouteChoice COST = RouteChoice.of(RouteAlgorithm.COST);
    private static final List<PoolMember> MEMBERS = List.of(PoolRig.costing(0, 0.01), PoolRig.costing(1, 0.09));

    private record Under(int backend, long startedNs, long answeredNs) {}

    private PoolRig rig = new PoolRig(COST, MEMBERS);
    private final List<Under> way = new ArrayList<>();
    private final List<Long> tried = new ArrayList<>();
    private int mostAtOnce;
    private long otherMs = 2;

    /** How many of the flows of so many seconds the cheap one gets, which answers after so long. */
    private int flows(int seconds, long answersAfterMs) {
        int cheap = 0;
        for (long ms = 0; ms < seconds * 1_000L; ms++) {
            rig.nowNs += MS;
            cheap += flow(answersAfterMs) == 0 ? 1 : 0;
        }
        return cheap;
    }

    private int flow(long answersAfterMs) {
        way.removeIf(each -> {
            boolean isOver = each.answeredNs() <= rig.nowNs;
            if (isOver) {
                rig.states.flows().answered(each.backend(), rig.nowNs);
                rig.states.connected(each.backend(), rig.nowNs - each.startedNs(), rig.nowNs);
            }
            return isOver;
        });
        int chosen = rig.flow();
        rig.states.flows().connects(chosen, rig.nowNs);
        way.add(new Under(chosen, rig.nowNs, rig.nowNs + (chosen == 0 ? answersAfterMs : otherMs) * MS));
        if (chosen == 0) {
            tried.add(rig.nowNs);
            mostAtOnce = Math.max(mostAtOnce, (int)
                    way.stream().filter(each -> each.backend() == 0).count());
        }
        return chosen;
    }

    private void isKnownToBeSlow() {
        flows(1, 100);
        tried.clear();
        mostAtOnce = 0;
    }

    @Test
    void shouldTryASlowOneByOneFlowAtATimeAndMoreAndMoreRarely() {
        isKnownToBeSlow();
        flows(120, 100);

        assertEquals(1, mostAtOnce);
        for (int i = 1; i < tried.size(); i++) {
            long apartNs = tried.get(i) - tried.get(i - 1);
            long wantedNs = Math.min(2L << (i - 1), Trials.LONGEST_WAIT_S) * SECOND;
            assertTrue(Math.abs(apartNs - wantedNs) <= 20 * MS, () -> "trials at " + tried);
        }
        assertTrue(tried.size() >= 6 && tried.size() <= 8, () -> "trials at " + tried);
    }

    @Test
    void shouldGoBackToOneThatIsFastAgain() {
        isKnownToBeSlow();
        flows(10, 100);
        int cheap = flows(10, 3);
        assertTrue(cheap >= 2_000, () -> "of 10,000 flows, with a trial 8 s after the last at the latest: " + cheap);
        assertEquals(1_000, flows(1, 3), "and to nobody else from then on");
    }

    /** A reload in between changes nothing of it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldWaitTheLongerTheMoreOftenItDisappoints(boolean isReloaded) {
        isKnownToBeSlow();
        List<Integer> shares = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            // Fast for whoever tries, slow as soon as it has the traffic.
            int trials = 0;
            while (flow(3) != 0 && trials++ < 100_000) {
                rig.nowNs += MS;
            }
            shares.add(flows(1, 100));
            if (isReloaded) {
                rig.pool.apply(new BackendPool(MEMBERS, COST, 1, SECOND), 0);
            }
        }
        List<Long> returns = new ArrayList<>();
        for (int i = 1; i < tried.size(); i++) {
            if (tried.get(i) - tried.get(i - 1) > SECOND / 2) {
                returns.add((tried.get(i) - tried.get(i - 1)) / SECOND);
            }
        }
        assertTrue(returns.stream().sorted().toList().equals(returns), () -> "waits in seconds: " + returns);
        assertTrue(returns.getLast() >= 4, () -> "waits in seconds: " + returns + ", flows: " + shares);
    }

    @Test
    void shouldLeaveItToProbesWhereThereAreSome() {
        for (int second = 0; second < 100; second++) {
            rig.measured(0, 100);
            rig.measured(1, 2);
            assertEquals(0, flows(1, 100), "in second " + second);
        }
    }

    @Test
    void shouldTryOthersTooWhenNoneIsWithinTheBudget() {
        rig = new PoolRig(COST, List.of(PoolRig.costing(0, 0.09), PoolRig.costing(1, 0.01)));
        otherMs = 60;
        flows(3, 100);
        tried.clear();
        assertTrue(flows(5, 100) <= 3, "the other is faster, and over the budget as well");
        flows(20, 3);
        assertEquals(1_000, flows(1, 3), "the dearer is within the budget now");
    }

    @Test
    void shouldForgetInTheEndWhatNoFlowCanTell() {
        rig.connects = false;
        rig.states.measured(0, 100 * MS, 0, rig.nowNs);
        rig.states.measured(0, 100 * MS, 0, ++rig.nowNs);
        int cheap = 0;
        for (int ms = 0; ms < 60_000; ms++) {
            rig.nowNs += MS;
            cheap += rig.flow() == 0 ? 1 : 0;
        }
        assertTrue(cheap > 15_000 && cheap < 25_000, "sessions without connects; from 42 s on: " + cheap);
        assertEquals(1_000, flows(1, 3));
    }

    @Test
    void shouldTryNoneByAFlowThatTellsNothing() {
        rig.states.connected(0, 100 * MS, rig.nowNs);
        rig.states.connected(1, 2 * MS, rig.nowNs);
        rig.connects = false;
        for (int ms = 0; ms < 9_000; ms++) {
            rig.nowNs += MS;
            assertEquals(1, rig.flow(), "after ms: " + ms);
        }
    }

    @Test
    void shouldNotTryOneThatGetsNoFlowsByItsWeight() {
        List<PoolMember> members =
                List.of(new PoolMember(0, 1, true, 0, 0, 1, 0, 0.01, PoolMember.UNKNOWN_KM), PoolRig.costing(1, 0.09));
        rig = new PoolRig(COST, members);
        rig.states.connected(0, 100 * MS, rig.nowNs);
        rig.states.connected(1, 2 * MS, rig.nowNs);
        assertEquals(0, flows(10, 100));
    }

    @Test
    void shouldBelieveAConnectThatIsFastRatherThanTheOneThatWasSlow() {
        flows(5, 3);
        rig.states.connected(0, 1_000 * MS, rig.nowNs);
        int first = flows(2, 3);
        assertTrue(first > 900, () -> "one lost SYN, of which a trial a second later tells: " + first);
        assertEquals(1_000, flows(1, 3));
    }

    @Test
    void shouldTryOneThatStartsSlowlyAllTheSame() {
        rig = new PoolRig(COST.withSlowStartNs(100 * SECOND), MEMBERS);
        isKnownToBeSlow();
        rig.health(0, false);
        flows(1, 100);
        rig.health(0, true);
        tried.clear();
        flows(1, 100);
        assertEquals(1, tried.size(), () -> "a second after it went out, with little of its share: " + tried);
    }

    @Test
    void shouldShowThatItIsTooSlowByWhatWasMeasured() {
        rig.states.connected(0, 100 * MS, rig.nowNs);
        rig.states.connected(1, 2 * MS, rig.nowNs);
        rig.nowNs += 5 * SECOND;
        CandidateView view = rig.pool.view(rig.nowNs).candidate(0);
        assertTrue(view.isTooSlow() && !view.isBest());
        assertEquals(100.0 * MS, view.latencyNs(), 1, "of a budget of 50 ms");
    }

    @Test
    void shouldHaveARestoredOneBelieveATrialThatWasUnderWay() {
        isKnownToBeSlow();
        while (flow(50) != 0) {
            rig.nowNs += MS;
        }
        SavedState saved = new SavedState();
        rig.states.save(saved);
        rig.pool.save(saved);
        PoolRig other = new PoolRig(COST, MEMBERS);
        other.states.restore(saved);
        other.pool.restore(saved);
        rig.states.connected(0, 3 * MS, rig.nowNs);
        other.states.connected(0, 3 * MS, rig.nowNs);
        double expectedNs = rig.states.latencies().expectedNs(0, rig.nowNs);
        assertEquals(3.0 * MS, expectedNs, 1);
        assertEquals(expectedNs, other.states.latencies().expectedNs(0, rig.nowNs));
    }

    @Test
    void shouldHaveARestoredOneDoTheSame() {
        isKnownToBeSlow();
        flows(2, 100);
        SavedState saved = new SavedState();
        rig.states.save(saved);
        rig.pool.save(saved);
        PoolRig other = new PoolRig(COST, MEMBERS);
        other.states.restore(saved);
        other.pool.restore(saved);
        assertTrue(saved.isEmpty());
        other.nowNs = rig.nowNs;
        for (int ms = 0; ms < 40_000; ms++) {
            rig.nowNs += MS;
            other.nowNs += MS;
            assertEquals(rig.flow(), other.flow(), "after ms: " + ms);
        }
    }
}

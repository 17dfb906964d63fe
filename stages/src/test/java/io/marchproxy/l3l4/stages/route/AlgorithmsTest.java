package io.marchproxy.l3l4.stages.route;

import static io.marchproxy.l3l4.stages.route.PoolRig.MS;
import static io.marchproxy.l3l4.stages.route.PoolRig.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.Mix;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AlgorithmsTest {
    private static final RouteChoice WEIGHTED_TURNS = RouteChoice.of(RouteAlgorithm.WEIGHTED_ROUND_ROBIN);

    @Test
    void shouldSpreadWeightedTurnsAsNginxDoes() {
        PoolRig rig = new PoolRig(
                WEIGHTED_TURNS, List.of(PoolRig.weighing(0, 5), PoolRig.weighing(1, 1), PoolRig.weighing(2, 1)));

        List<Integer> chosen = IntStream.range(0, 7).mapToObj(i -> rig.flow()).toList();

        assertEquals(List.of(0, 0, 1, 0, 2, 0, 0), chosen);
    }

    @Test
    void shouldKeepWeightedSharesWithinAPercent() {
        List<PoolMember> members = new ArrayList<>();
        double sum = 0;
        for (int i = 0; i < 100; i++) {
            members.add(PoolRig.weighing(i, 1 + i * 0.37));
            sum += 1 + i * 0.37;
        }
        PoolRig rig = new PoolRig(WEIGHTED_TURNS, members);

        Map<Integer, Integer> counts = rig.flows(200_000);

        for (PoolMember member : members) {
            double wanted = 200_000 * member.weight() / sum;
            assertEquals(wanted, counts.get(member.number()), Math.max(wanted / 100, 1), member::toString);
        }
    }

    @Test
    void shouldGiveNothingToAWeightOfZeroWhileThereAreOthers() {
        PoolRig rig = new PoolRig(WEIGHTED_TURNS, List.of(PoolRig.weighing(0, 0), PoolRig.weighing(1, 2)));

        assertEquals(Map.of(1, 100), rig.flows(100));
        rig.health(1, false);
        assertEquals(Map.of(0, 100), rig.flows(100));
    }

    @Test
    void shouldTakeTheOneWithTheFewestFlowsForItsWeight() {
        PoolRig rig = new PoolRig(
                RouteChoice.of(RouteAlgorithm.LEAST_CONNECTIONS),
                List.of(PoolRig.weighing(0, 1), PoolRig.weighing(1, 3)));
        int[] flows = new int[2];
        for (int i = 0; i < 400; i++) {
            int chosen = rig.flow();
            rig.states.flows().begins(chosen);
            flows[chosen]++;
        }
        assertEquals(100, flows[0], 1);
        for (int i = 0; i < 90; i++) {
            rig.states.flows().ends(1);
        }
        for (int i = 0; i < 80; i++) {
            assertEquals(1, rig.flow());
            rig.states.flows().begins(1);
        }
    }

    @Test
    void shouldSendNearlyAllToTheFasterAndFollowASwapWithinASecond() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        Random jitter = new Random(1);
        int[] before = new int[2];
        int[] settled = new int[2];
        for (long ms = 0; ms < 20_000; ms++) {
            rig.nowNs = ms * MS;
            boolean swapped = ms >= 10_000;
            if (ms % 200 == 0) {
                for (int backend = 0; backend < 2; backend++) {
                    boolean isFast = (backend == 0) != swapped;
                    rig.measured(backend, (isFast ? 2 : 10) * (0.8 + 0.4 * jitter.nextDouble()));
                }
            }
            int chosen = rig.flow();
            if (ms < 10_000) {
                before[chosen]++;
            } else if (ms >= 11_000) {
                settled[chosen]++;
            }
        }
        assertTrue(before[0] >= 9_800, () -> "to the fast one: " + before[0] + " of 10,000");
        assertTrue(settled[1] >= 8_820, () -> "after the swap: " + settled[1] + " of 9,000");
    }

    /** Nothing probes them: what is known of them, their connects have told. */
    @Test
    void shouldFollowASwapWithinASecondByConnectsAlone() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        Connects connects = new Connects(rig);
        int[] before = new int[2];
        int[] settled = new int[2];
        for (long ms = 0; ms < 40_000; ms++) {
            boolean swapped = ms >= 20_000;
            int chosen = connects.next(ms, swapped ? 10 : 2, swapped ? 2 : 10);
            if (ms >= 2_000 && ms < 20_000) {
                before[chosen]++;
            } else if (ms >= 21_000) {
                settled[chosen]++;
            }
        }
        assertTrue(before[0] >= 17_640, () -> "to the fast one: " + before[0] + " of 18,000");
        assertTrue(settled[1] >= 18_620, () -> "after the swap: " + settled[1] + " of 19,000");
    }

    @Test
    void shouldTryABackendAgainThatWasSlowOnceAndIsNotProbed() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        Connects connects = new Connects(rig);
        int late = 0;
        for (long ms = 0; ms < 20_000; ms++) {
            int chosen = connects.next(ms, ms < 1_000 ? 300 : 1, 2);
            late += ms >= 10_000 && chosen == 0 ? 1 : 0;
        }
        assertTrue(late > 9_000, "it is the faster, and gets " + late + " of 10,000");
    }

    @Test
    void shouldBelieveProbesHoweverRareTheyAre() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        for (int i = 0; i < 5; i++) {
            rig.measured(0, 2);
            rig.measured(1, 10);
            for (int second = 0; second < 60; second++) {
                rig.nowNs += SECOND;
                assertTrue(i == 0 || rig.flow() == 0, "the other was slower a minute ago, and is probed");
            }
        }
        for (int lost = 0; lost < 5; lost++) {
            rig.measured(0, 2);
            rig.states.measured(1, 0, 100_000, rig.nowNs);
            rig.nowNs += 60 * SECOND;
            assertEquals(0, rig.flow(), "probes without an answer don't make it fast");
        }
    }

    /** Connects of a millisecond each, answered after as long as each backend takes. */
    private static final class Connects {
        private record Under(int backend, long startedNs, long answeredNs) {}

        private final PoolRig rig;
        private final List<Under> way = new ArrayList<>();

        Connects(PoolRig rig) {
            this.rig = rig;
        }

        int next(long ms, long... takesMs) {
            rig.nowNs = ms * MS;
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
            way.add(new Under(chosen, rig.nowNs, rig.nowNs + takesMs[chosen] * MS));
            return chosen;
        }
    }

    @Test
    void shouldShareAmongThoseThatAreAsFast() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(4));
        rig.measured(0, 2);
        rig.measured(1, 2.1);
        rig.measured(2, 2.4);
        rig.measured(3, 9);

        Map<Integer, Integer> counts = rig.flows(9_000);

        assertEquals(3, counts.size(), counts::toString);
        counts.values().forEach(count -> assertEquals(3_000, count, 300));
    }

    @Test
    void shouldLeaveABackendWhereConnectsWaitBeforeAnyOfThemIsAnswered() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        rig.measured(0, 2);
        rig.measured(1, 10);
        assertEquals(0, rig.flow());
        rig.states.flows().connects(0, rig.nowNs);
        rig.nowNs += 20 * MS;
        assertEquals(1, rig.flow());
        rig.states.flows().answered(0, rig.nowNs);
        rig.nowNs += 20 * MS;
        assertEquals(0, rig.flow());
    }

    @Test
    void shouldCountLossAsLatency() {
        PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.LATENCY), PoolRig.equals(2));
        rig.measured(0, 2);
        rig.measured(1, 3);
        assertEquals(Map.of(0, 100), rig.flows(100));
        rig.states.measured(0, 2 * MS, 500_000, rig.nowNs);
        rig.nowNs += 10 * MS;
        assertEquals(Map.of(1, 100), rig.flows(100));
    }

    @Test
    void shouldNeverTakeADearerOneWhileACheaperIsHealthyAndWithinTheBudget() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            List<PoolMember> members = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                members.add(PoolRig.costing(i, random.nextInt(5) * 0.02));
            }
            PoolRig rig = new PoolRig(RouteChoice.of(RouteAlgorithm.COST), members);
            double[] ms = new double[members.size()];
            boolean[] isOver = new boolean[members.size()];
            boolean[] isUp = new boolean[members.size()];
            java.util.Arrays.fill(isUp, true);
            for (int step = 0; step < 500; step++) {
                rig.nowNs += SECOND;
                int backend = random.nextInt(members.size());
                isUp[backend] = random.nextInt(3) > 0;
                rig.health(backend, isUp[backend]);
                for (int i = 0; i < ms.length; i++) {
                    ms[i] = random.nextInt(100);
                    rig.measured(i, ms[i]);
                }
                int chosen = rig.flow();
                double cheapest = Double.POSITIVE_INFINITY;
                for (int i = 0; i < ms.length; i++) {
                    double latencyNs = rig.states.latencies().expectedNs(i, rig.nowNs);
                    isOver[i] = latencyNs > (isOver[i] ? 45e6 : 50e6);
                    cheapest = isUp[i] && !isOver[i]
                            ? Math.min(cheapest, members.get(i).costPerGb())
                            : cheapest;
                }
                if (chosen != PacketDescriptor.NO_BACKEND && cheapest < Double.POSITIVE_INFINITY) {
                    assertEquals(cheapest, members.get(chosen).costPerGb(), "seed " + seed + " step " + step);
                }
            }
        }
    }

    @Test
    void shouldNotGoToAndFroWithALatencyThatWandersAboutTheBudget() {
        PoolRig rig = new PoolRig(
                RouteChoice.of(RouteAlgorithm.COST), List.of(PoolRig.costing(0, 0.01), PoolRig.costing(1, 0.09)));
        Random random = new Random(5);
        int switches = 0;
        int before = 0;
        for (int i = 0; i < 1_000; i++) {
            rig.nowNs += 4 * SECOND;
            rig.measured(0, 47 + 6 * random.nextDouble());
            rig.measured(1, 20);
            int chosen = rig.flow();
            switches += chosen == before ? 0 : 1;
            before = chosen;
        }
        assertEquals(1, switches, "over the budget once, and never well below it since");
        rig.pool.apply(
                new BackendPool(
                        List.of(PoolRig.costing(1, 0.09), PoolRig.costing(0, 0.01)),
                        RouteChoice.of(RouteAlgorithm.COST),
                        1,
                        SECOND),
                0);
        assertEquals(1, rig.flow(), "a reload forgets nothing of it");
        for (int i = 0; i < 10; i++) {
            rig.nowNs += 4 * SECOND;
            rig.measured(0, 44);
            rig.measured(1, 20);
        }
        assertEquals(0, rig.flow(), "44 ms of 50 is well within");
    }

    @Test
    void shouldTakeTheFastestWhenNoneIsWithinTheBudget() {
        PoolRig rig = new PoolRig(
                RouteChoice.of(RouteAlgorithm.COST), List.of(PoolRig.costing(0, 0.01), PoolRig.costing(1, 0.09)));
        rig.measured(0, 200);
        rig.measured(1, 80);
        assertEquals(1, rig.flow());
    }

    @Test
    void shouldWeighLatencyCostAndBandwidth() {
        PoolMember near = new PoolMember(0, 1, true, 1, 100_000_000, 1, 0, 0.09, 0);
        PoolMember cheap = new PoolMember(1, 2, true, 1, 100_000_000, 1, 0, 0.01, 0);
        PoolMember wide = new PoolMember(2, 3, true, 1, 10_000_000_000L, 1, 0, 0.08, 0);
        for (int winner = 0; winner < 3; winner++) {
            RouteChoice choice = new RouteChoice(
                    RouteAlgorithm.WEIGHTED,
                    false,
                    0,
                    winner == 0 ? 5 : 1,
                    winner == 1 ? 5 : 1,
                    winner == 2 ? 5 : 1,
                    0,
                    0,
                    0,
                    90,
                    MaglevTable.DEFAULT_SIZE);
            PoolRig rig = new PoolRig(choice, List.of(near, cheap, wide));
            rig.measured(0, 1);
            rig.measured(1, 20);
            rig.measured(2, 18);
            assertEquals(winner, rig.flow());
        }
    }

    @Test
    void shouldTakeTheNearestRegionThatIsHealthy() {
        PoolRig rig = new PoolRig(
                RouteChoice.of(RouteAlgorithm.GEO),
                List.of(PoolRig.at(0, 6_500), PoolRig.at(1, 400), PoolRig.at(2, 400)));
        assertEquals(Map.of(1, 50, 2, 50), rig.flows(100));
        rig.health(1, false);
        rig.health(2, false);
        assertEquals(Map.of(0, 100), rig.flows(100));
    }

    @Test
    void shouldGoToTheNextTierWhenAllOfTheFirstIsGone() {
        PoolRig rig = new PoolRig(
                RouteChoice.of(RouteAlgorithm.FAILOVER),
                List.of(PoolRig.tier(0, 2), PoolRig.tier(1, 1), PoolRig.tier(2, 1)));
        assertEquals(Map.of(1, 5, 2, 5), rig.flows(10));
        rig.health(1, false);
        assertEquals(Map.of(2, 10), rig.flows(10));
        rig.health(2, false);
        assertEquals(Map.of(0, 10), rig.flows(10));
        rig.health(1, true);
        assertEquals(Map.of(1, 10), rig.flows(10));
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldKeepAClientWhereItIsWhateverHappensToOthers(RouteAlgorithm algorithm) {
        PoolRig rig = new PoolRig(RouteChoice.of(algorithm).withSticky(true), PoolRig.equals(10));
        int[] before = new int[1_000];
        for (int i = 0; i < before.length; i++) {
            before[i] = rig.flowOf(i);
        }
        rig.health(3, false);
        int moved = 0;
        for (int i = 0; i < before.length; i++) {
            int now = rig.flowOf(i);
            assertTrue(now != 3);
            assertTrue(now == before[i] || before[i] == 3, "a client left a backend that is healthy");
            moved += now == before[i] ? 0 : 1;
        }
        assertEquals(100, moved, 50);
        rig.health(3, true);
        for (int i = 0; i < before.length; i++) {
            assertEquals(before[i], rig.flowOf(i));
        }
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldRespectWhatABackendMayHave(RouteAlgorithm algorithm) {
        PoolRig rig = new PoolRig(
                RouteChoice.of(algorithm), List.of(PoolRig.capped(0, 3), PoolRig.capped(1, 5), PoolRig.capped(2, 7)));
        int[] flows = new int[3];
        for (int i = 0; i < 15; i++) {
            int chosen = rig.flow();
            flows[chosen]++;
            rig.states.flows().begins(chosen);
        }
        assertEquals("[3, 5, 7]", java.util.Arrays.toString(flows));
        assertEquals(ServicePool.FULL, rig.flow());
        assertEquals(1, rig.pool.refused());
        rig.states.flows().ends(1);
        assertEquals(1, rig.flow());
        rig.states.flows().room(1, 4);
        assertEquals(ServicePool.FULL, rig.flow());
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldLetTheShareOfABackendThatReturnsGrow(RouteAlgorithm algorithm) {
        PoolRig rig = new PoolRig(RouteChoice.of(algorithm).withSlowStartNs(10 * SECOND), PoolRig.equals(4));
        rig.health(2, false);
        rig.nowNs = SECOND;
        rig.health(2, true);
        int[] shares = new int[10];
        for (int i = 0; i < shares.length; i++) {
            for (int flow = 0; flow < 2_000; flow++) {
                rig.nowNs = SECOND + i * SECOND + flow * SECOND / 2_000;
                shares[i] += rig.flow() == 2 ? 1 : 0;
            }
        }
        int whole = 500;
        for (int i = 0; i < shares.length; i++) {
            double wanted = whole * (i + 0.5) / 10;
            assertEquals(wanted, shares[i], 70, () -> algorithm + ": " + java.util.Arrays.toString(shares));
        }
    }

    /** Three regions of four: the nearest, which the first tier is too, goes and returns. */
    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldMoveTheLoadOfARegionThatGoesAtOnceAndLetItReturnLittleByLittle(RouteAlgorithm algorithm) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int region = i / 4;
            members.add(
                    new PoolMember(i, Mix.spread(i), true, 1, 1_000_000, 1 + region, 0, 0.01 * region, 500.0 * region));
        }
        PoolRig rig = new PoolRig(RouteChoice.of(algorithm).withSlowStartNs(10 * SECOND), members);
        double[] whole = shares(rig, 4_000);
        assertTrue(whole[0] > 0.3, () -> "of the region that is to go: " + whole[0]);

        for (int i = 0; i < 4; i++) {
            rig.health(i, false);
        }
        assertEquals(0, shares(rig, 4_000)[0], "nothing from the first flow on");

        for (int i = 0; i < 4; i++) {
            rig.health(i, true);
        }
        for (int tenth = 0; tenth < 10; tenth++) {
            double[] now = shares(rig, 4_000);
            double wanted = whole[0] * (tenth + 0.5) / 10;
            int at = tenth;
            assertEquals(wanted, now[0], 0.04, () -> algorithm + ", in tenth " + at);
            assertEquals(now[0] / 4, now[1], 0.03, () -> "each of its four, in tenth " + at);
        }
        assertEquals(whole[0], shares(rig, 4_000)[0], 0.04);
    }

    /** What the first region gets of the flows of a second, and its first backend. */
    private static double[] shares(PoolRig rig, int flows) {
        int region = 0;
        int first = 0;
        for (int i = 0; i < flows; i++) {
            rig.nowNs += SECOND / flows;
            int chosen = rig.flow();
            region += chosen < 4 ? 1 : 0;
            first += chosen == 0 ? 1 : 0;
        }
        return new double[] {(double) region / flows, (double) first / flows};
    }

    @Test
    void shouldUseAllInPanicAndCountIt() {
        PoolRig rig = new PoolRig(RouteChoice.DEFAULT.withPanicPercent(50), PoolRig.equals(4));
        rig.health(0, false);
        rig.health(1, false);
        assertEquals(Map.of(2, 50, 3, 50), rig.flows(100));
        assertEquals(0, rig.pool.panics());
        rig.health(2, false);
        assertEquals(Map.of(0, 25, 1, 25, 2, 25, 3, 25), rig.flows(100));
        assertEquals(100, rig.pool.panics());
    }

    @Test
    void shouldTakeTheCheapestOnceTheDaysMoneyIsSpentAndGoBackTheNextDay() {
        RouteChoice choice = RouteChoice.of(RouteAlgorithm.FAILOVER).withDailyBudget(1.0);
        PoolRig rig = new PoolRig(
                choice,
                List.of(new PoolMember(0, 1, true, 1, 0, 1, 0, 100, 0), new PoolMember(1, 2, true, 1, 0, 2, 0, 10, 0)));
        rig.nowNs = SECOND;
        assertEquals(0, rig.flow());
        rig.states.bills().add(0, 9_000_000);
        rig.nowNs += SECOND;
        assertEquals(0, rig.flow(), "0.9 of 1.0 is spent");
        rig.pool.budget().elsewhere(0.2, 0, rig.nowNs);
        rig.nowNs += SECOND;
        assertEquals(1, rig.flow(), "1.1, with what another shard has spent");
        assertTrue(rig.pool.budget().isSaving());
        rig.nowNs = 23 * 3_600 * SECOND;
        assertEquals(1, rig.flow());
        rig.nowNs = 24 * 3_600 * SECOND;
        assertEquals(0, rig.flow(), "a new day");
        assertEquals(0.0, rig.pool.budget().spent(), 1e-9);
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldChooseTheSameWithTheSameSeed(RouteAlgorithm algorithm) {
        List<Integer> first = choices(algorithm, 7);

        assertEquals(first, choices(algorithm, 7));
        if (algorithm == RouteAlgorithm.LATENCY) {
            assertTrue(!first.equals(choices(algorithm, 8)), "the seed has no part in it");
        }
    }

    private static List<Integer> choices(RouteAlgorithm algorithm, long seed) {
        PoolRig rig = new PoolRig(RouteChoice.of(algorithm).withSlowStartNs(SECOND), PoolRig.equals(9), seed);
        Random random = new Random(3);
        List<Integer> chosen = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            rig.nowNs += random.nextInt(10_000_000);
            switch (random.nextInt(10)) {
                case 0 -> rig.health(random.nextInt(9), random.nextBoolean());
                case 1 -> rig.measured(random.nextInt(9), random.nextInt(20));
                default -> {
                    int backend = rig.flow();
                    chosen.add(backend);
                    if (backend >= 0) {
                        rig.states.flows().begins(backend);
                    }
                }
            }
        }
        return chosen;
    }
}

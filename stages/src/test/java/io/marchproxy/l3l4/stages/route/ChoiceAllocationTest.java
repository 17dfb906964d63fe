package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.stages.flow.Mix;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A new flow must not make garbage, whatever it takes to find it a backend. */
class ChoiceAllocationTest {
    private static final int FLOWS = 100_000;
    private static final int BACKENDS = 20;

    /** What the whole run may allocate: far less than one object per hundred flows. */
    private static final long ALLOWED_BYTES = 10_000;

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldNotAllocateForANewFlow(RouteAlgorithm algorithm) {
        assertNothingAllocated(RouteChoice.of(algorithm).withSlowStartNs(PoolRig.SECOND));
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldNotAllocateForANewFlowOfAClientThatStays(RouteAlgorithm algorithm) {
        assertNothingAllocated(RouteChoice.of(algorithm).withSticky(true).withSlowStartNs(PoolRig.SECOND));
    }

    @ParameterizedTest
    @CsvSource({"0, 1e-9", "95, 0"})
    void shouldNotAllocateInPanicNorWhenMoneyIsSpent(int panicPercent, double budget) {
        assertNothingAllocated(RouteChoice.of(RouteAlgorithm.WEIGHTED)
                .withPanicPercent(panicPercent)
                .withDailyBudget(budget));
    }

    private static void assertNothingAllocated(RouteChoice choice) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < BACKENDS; i++) {
            int most = i % 5 == 0 ? 40 : 0;
            members.add(new PoolMember(
                    i, Mix.spread(i), i != 7, 1 + i % 3, 1_000_000, 1 + i / 10, most, 0.01 * (i % 4), 100.0 * i));
        }
        PoolRig rig = new PoolRig(choice, members);
        run(rig);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        int chosen = run(rig);

        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(chosen == FLOWS, () -> "chosen: " + chosen);
        assertTrue(allocated < ALLOWED_BYTES, () -> allocated + " bytes for " + FLOWS + " flows");
    }

    /** Flows come and go, backends answer, fail, return, fill up and cost money. */
    private static int run(PoolRig rig) {
        int chosen = 0;
        for (int i = 0; i < FLOWS; i++) {
            rig.nowNs += PoolRig.MS;
            int one = i % BACKENDS;
            if (i % 50 == 0) {
                rig.states.measured(one, (1 + i % 97) * PoolRig.MS, 0, rig.nowNs);
            }
            if (i % 1_000 == 0) {
                rig.health(one, i % 3_000 != 0);
            }
            int backend = rig.flow();
            if (backend >= 0) {
                chosen++;
                rig.states.flows().begins(backend);
                rig.states.flows().connects(backend, rig.nowNs);
                rig.states.flows().answered(backend, rig.nowNs);
                rig.states.connected(backend, (1 + i % 89) * PoolRig.MS, rig.nowNs);
                rig.states.bills().add(backend, 1_000);
            }
            rig.states.flows().ends(one);
        }
        return chosen;
    }
}

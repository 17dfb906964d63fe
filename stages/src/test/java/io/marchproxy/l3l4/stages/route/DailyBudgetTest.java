package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.pipeline.SavedState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a connection costs at a backend that a reload took away. A byte costs a unit of money. */
class DailyBudgetTest {
    private static final RouteChoice CHOICE = RouteChoice.DEFAULT.withDailyBudget(1e6);
    private static final List<PoolMember> ONE = List.of(PoolRig.costing(0, BackendBills.GB));
    private static final List<PoolMember> OTHER = List.of(PoolRig.costing(1, BackendBills.GB));

    private final PoolRig rig = new PoolRig(CHOICE, ONE);

    private void spendsAtOneThatIsGone() {
        rig.pool.budget().turnDay(0);
        rig.states.flows().begins(0);
        rig.states.bills().add(0, 50);
        rig.reload(CHOICE, OTHER);
        rig.states.bills().add(0, 1_000);
    }

    @Test
    void shouldCountWhatAConnectionCostsAtABackendThatAReloadTookAway() {
        spendsAtOneThatIsGone();
        rig.states.bills().add(1, 7);
        assertEquals(1_057, rig.pool.budget().spent(), 1e-6);

        rig.reload(CHOICE, OTHER);
        rig.states.bills().add(0, 100);
        assertEquals(1_157, rig.pool.budget().spent(), 1e-6, "through one more reload");

        rig.reload(CHOICE, ONE);
        rig.states.bills().add(0, 10);
        assertEquals(1_167, rig.pool.budget().spent(), 1e-6, "once, when it is back");
    }

    @Test
    void shouldKeepWhatWasSpentWhenTheLastConnectionHasEnded() {
        spendsAtOneThatIsGone();
        rig.states.flows().ends(0);
        rig.reload(CHOICE, OTHER);
        assertEquals(1_050, rig.pool.budget().spent(), 1e-6);
        rig.reload(CHOICE, ONE);
        assertEquals(1_050, rig.pool.budget().spent(), 1e-6);
    }

    @Test
    void shouldGoOnCountingAfterARestoration() {
        spendsAtOneThatIsGone();
        SavedState saved = new SavedState();
        rig.states.save(saved);
        rig.pool.save(saved);
        PoolRig other = new PoolRig(CHOICE, OTHER);
        other.states.restore(saved);
        other.pool.restore(saved);
        assertTrue(saved.isEmpty());
        other.states.bills().add(0, 10);
        assertEquals(1_060, other.pool.budget().spent(), 1e-6);
    }
}

package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a service spends, day by day. */
class RouteSpendingTest {
    private static final long DAY_NS = 86_400 * SECOND_NS;

    /** A byte for a unit of money. */
    private static final double PER_GB = 1e9;

    private static Bench bench(double budget) {
        return new Bench(settings(budget));
    }

    private static PipelineSettings settings(double budget) {
        PoolMember backend = new PoolMember(1, 1, true, 1, 0, 1, 0, PER_GB, 0);
        RouteChoice choice = RouteChoice.DEFAULT.withDailyBudget(budget);
        return TestSettings.with(WEB, new BackendPool(List.of(backend), choice, 1, SECOND_NS));
    }

    private static void reload(Bench bench, double budget) {
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(settings(budget));
        bench.send();
    }

    private static void spend(Bench bench, int bytes) {
        bench.open(WEB, 5000);
        bench.send();
        bench.of(EventKind.DATA, bench.flowRef(), TO_CLIENT).lengthBytes(bytes);
        bench.send();
    }

    private static double spentOn(Bench bench, long day) {
        return bench.pipeline.routeFigures().spentOn(WEB, day);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e6})
    void shouldBeginEachDayWithNothing(double budget) {
        Bench bench = bench(budget);
        bench.at(SECOND_NS);
        spend(bench, 700);
        assertEquals(700, spentOn(bench, 0), 1e-6);
        bench.at(DAY_NS + SECOND_NS);
        spend(bench, 20);
        assertEquals(20, spentOn(bench, 1), 1e-6);
        bench.at(5 * DAY_NS);
        spend(bench, 3);
        assertEquals(3, spentOn(bench, 5), 1e-6);
    }

    @Test
    void shouldNotTakeForTodaysWhatWasSpentBeforeAnIdleMidnight() {
        Bench bench = bench(1e6);
        bench.at(DAY_NS - SECOND_NS);
        spend(bench, 700);

        assertEquals(700, spentOn(bench, 0), 1e-6);
        assertEquals(0, spentOn(bench, 1), 1e-6);
    }

    @Test
    void shouldGoOnWithTheDaysMoneyWhenABudgetIsTakenAwayAndSetAgain() {
        Bench bench = bench(100);
        bench.at(SECOND_NS);
        spend(bench, 150);
        bench.advanceTo(2 * SECOND_NS);
        assertTrue(bench.pipeline.routes(WEB).isSaving());

        reload(bench, 0);
        spend(bench, 10);
        assertFalse(bench.pipeline.routes(WEB).isSaving(), "without a budget");
        assertEquals(160, spentOn(bench, 0), 1e-6);

        reload(bench, 120);
        assertTrue(bench.pipeline.routes(WEB).isSaving(), "160 of 120");
        reload(bench, 1_000);
        bench.advanceTo(3 * SECOND_NS);
        assertFalse(bench.pipeline.routes(WEB).isSaving(), "160 of 1,000");
    }
}

package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpendingTest {
    private static final int SERVICE = 3;

    /** A shard that spends on the day of its last packet. */
    private static final class Shard implements Spending.Purse {
        private final List<String> told = new ArrayList<>();
        private double spent;
        private long lastDay;

        @Override
        public double spentOn(int service, long day) {
            return service == SERVICE && day == lastDay ? spent : 0;
        }

        @Override
        public CompletableFuture<Void> spentElsewhere(int service, double sum, long day) {
            told.add(service + " spent " + sum + " on " + day);
            return CompletableFuture.completedFuture(null);
        }

        private void spend(double sum, long day) {
            spent = sum;
            lastDay = day;
        }

        private List<String> told() {
            List<String> since = List.copyOf(told);
            told.clear();
            return since;
        }
    }

    private final Shard busy = new Shard();
    private final Shard idle = new Shard();
    private Spending spending;

    @BeforeEach
    void begin(@TempDir Path folder) {
        spending = new Spending(List.of(busy, idle), 0, new SpentFile(folder));
    }

    private void share(long day) {
        share(0, day);
    }

    private void share(double before, long day) {
        spending.share(SERVICE, before, day, new ArrayList<>());
    }

    @Test
    void shouldTellEachWhatTheOthersSpentAndOnlyWhenThatChanged() {
        busy.spend(5, 1);
        idle.spend(2, 1);
        share(1);
        assertEquals(List.of("3 spent 2.0 on 1"), busy.told());
        assertEquals(List.of("3 spent 5.0 on 1"), idle.told());

        busy.spend(6, 1);
        share(1);
        assertEquals(List.of(), busy.told());
        assertEquals(List.of("3 spent 6.0 on 1"), idle.told());
    }

    @Test
    void shouldNotCarryYesterdaysSumOfAnIdleShardIntoTheNewDay() {
        idle.spend(2, 1);
        share(1);
        busy.told();
        busy.spend(4, 2);
        share(2);

        assertEquals(List.of("3 spent 0.0 on 2"), busy.told());
        assertEquals("3 spent 4.0 on 2", idle.told().getLast());
    }

    @Test
    void shouldTellTheSameSumAgainOnAnotherDay() {
        idle.spend(2, 1);
        share(1);
        idle.spend(2, 2);
        share(2);

        assertEquals(List.of("3 spent 2.0 on 1", "3 spent 2.0 on 2"), busy.told());
    }

    @Test
    void shouldTellEachWhatWasSpentBeforeTheStartToo() {
        busy.spend(5, 1);
        share(10, 1);
        assertEquals(List.of("3 spent 10.0 on 1"), busy.told());
        assertEquals(List.of("3 spent 15.0 on 1"), idle.told());
    }

    @Test
    void shouldTellALoneShardOfItsPastAlone(@TempDir Path folder) {
        spending = new Spending(List.of(busy), 0, new SpentFile(folder));
        busy.spend(5, 1);
        share(1);
        share(2);
        assertEquals(List.of(), busy.told());
        share(10, 2);
        share(10, 2);
        assertEquals(List.of("3 spent 10.0 on 2"), busy.told());
    }
}

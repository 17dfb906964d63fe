package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpendingTest {
    private static final int SERVICE = 3;
    private static final long DAY_NS = 86_400_000_000_000L;
    private static final long TODAY = 20_000;
    private static final long TODAY_NS = TODAY * DAY_NS + 1;

    /** A shard that spends on the day of its last packet. */
    private static final class Shard implements Spending.Purse {
        private final List<String> told = new ArrayList<>();
        private CompletableFuture<Void> reached = CompletableFuture.completedFuture(null);
        private double spent;
        private long lastDay;

        @Override
        public double spentOn(int service, long day) {
            return service == SERVICE && day == lastDay ? spent : 0;
        }

        @Override
        public CompletableFuture<Void> spentElsewhere(int service, double sum, long day) {
            told.add(service + " spent " + sum + " on " + day);
            return reached;
        }

        @Override
        public boolean isSaving(int service) {
            return false;
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

    @Test
    void shouldTellAgainWhatDidNotArrive() {
        idle.reached = CompletableFuture.failedFuture(new IllegalStateException("the loop has ended"));
        busy.spend(5, 1);
        share(1);
        share(1);
        assertEquals(List.of("3 spent 5.0 on 1", "3 spent 5.0 on 1"), idle.told());

        idle.reached = new CompletableFuture<>();
        List<CompletableFuture<Void>> knowing = new ArrayList<>();
        spending.share(SERVICE, 0, 1, knowing);
        spending.share(SERVICE, 0, 1, knowing);
        assertEquals(List.of("3 spent 5.0 on 1"), idle.told(), "it is on its way");
        assertEquals(List.of(idle.reached, idle.reached), knowing, "whoever asks waits for it");
        idle.reached.complete(null);
        share(1);
        assertEquals(List.of(), idle.told());
    }

    @Test
    void shouldForgetNothingOfADayWithoutABudgetOrTheService(@TempDir Path folder) throws Exception {
        CompiledSettings limited = settings(folder, "web", ", routing: { daily-budget: 100 }");
        int web = limited.services().getFirst().id();
        Spending first = spendingOf(folder, web, 5);
        first.turn(limited, TODAY_NS);
        assertEquals(Map.of("web/tcp", 5.0), onDisk(folder), "with a budget");

        spendingOf(folder, web, 2).turn(settings(folder, "web", ""), TODAY_NS);
        assertEquals(Map.of("web/tcp", 7.0), onDisk(folder), "after a restart without one");

        spendingOf(folder, web, 1).turn(settings(folder, "other", ""), TODAY_NS);
        assertEquals(Map.of("web/tcp", 7.0, "other/tcp", 1.0), onDisk(folder), "after one without the service");

        Spending back = spendingOf(folder, web, 0);
        assertEquals(7.0, back.before("web/tcp", TODAY));
        back.turn(limited, TODAY_NS + DAY_NS);
        assertEquals(0.0, back.before("web/tcp", TODAY + 1), "a new day");
        assertEquals(Map.of("web/tcp", 7.0, "other/tcp", 1.0), onDisk(folder), "nothing is spent on it yet");
    }

    @Test
    void shouldTellOnlyOfBudgetsThatAreSet(@TempDir Path folder) throws Exception {
        spending = new Spending(List.of(busy, idle), 0, new SpentFile(folder));
        CompiledSettings free = settings(folder, "web", "");
        busy.spend(5, TODAY);
        idle.spend(1, TODAY);
        assertEquals(List.of(), spending.turn(free, TODAY_NS));
        assertEquals(List.of(), idle.told());
    }

    /** One shard of a process that has just started, in which a service has spent so much since. */
    private static Spending spendingOf(Path folder, int service, double sum) {
        Spending.Purse purse = new Spending.Purse() {
            @Override
            public double spentOn(int of, long day) {
                return of == service && day == TODAY ? sum : 0;
            }

            @Override
            public boolean isSaving(int of) {
                return false;
            }

            @Override
            public CompletableFuture<Void> spentElsewhere(int of, double elsewhere, long day) {
                return CompletableFuture.completedFuture(null);
            }
        };
        return new Spending(List.of(purse), 0, new SpentFile(folder));
    }

    private static Map<String, Double> onDisk(Path folder) {
        return new SpentFile(folder).read().byService();
    }

    private static CompiledSettings settings(Path folder, String name, String more) throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), """
                services:
                  - { name: %s, listen: "tcp://*:9090"%s, backends: [ { id: one, address: "127.0.0.1:9001" } ] }
                """.formatted(name, more));
        return new SettingsCompiler(NameResolver.offline())
                .compile(ConfigLoader.load(file, Map.of(), Overrides.none())
                        .settings()
                        .orElseThrow());
    }
}

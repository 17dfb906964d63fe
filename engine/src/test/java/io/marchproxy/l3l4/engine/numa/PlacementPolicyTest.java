package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings.Mode;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacementPolicyTest {
    private static final int NO_QUOTA = 1_000;
    private static final EngineSettings DEFAULT = EngineSettings.DEFAULT;

    @TempDir
    Path root;

    @ParameterizedTest
    @CsvSource({
        // nodes, cores per node, threads per core, shards asked for (0: auto); then what is made of it
        "1, 1, 1, 0, false, 1",
        "1, 2, 1, 0, false, 2",
        "1, 2, 2, 0, false, 2",
        "8, 8, 2, 0, false, 64",
        "8, 64, 1, 0, false, 256",
        "1, 2, 1, 1, false, 1",
        "1, 3, 1, 1, false, 1",
        "1, 3, 2, 1, false, 1",
        "1, 4, 1, 1, true, 1",
        "1, 6, 1, 2, false, 2",
        "1, 7, 1, 2, true, 2",
        "2, 4, 1, 2, true, 2"
    })
    void shouldChooseByCores(int nodes, int cores, int threads, int asked, boolean pipelined, int shards)
            throws IOException {
        PlacementPlan plan = decide(nodes, cores, threads, DEFAULT.withShards(asked));

        assertEquals(pipelined, plan.pipelined(), plan.reason());
        assertEquals(shards, plan.seats().size());
        assertEquals(List.of(), plan.notes());
    }

    @Test
    void shouldNotSpreadAShardsThreadsOverNodes() throws IOException {
        EngineSettings settings = DEFAULT.withShards(1);

        assertTrue(decide(2, 2, 1, settings).pipelined());
        assertFalse(decide(2, 2, 1, settings.withNuma(true)).pipelined());
        assertTrue(
                decide(2, 3, 1, settings.withShards(2).withMode(Mode.PIPELINED)).pipelined());
    }

    @Test
    void shouldHeedAContainersQuota() throws IOException {
        Topology topology = SysfsTree.machine(root, 1, 64, 1).read();

        PlacementPlan plan = PlacementPolicy.decide(topology, 2, DEFAULT);

        assertEquals(2, plan.seats().size());
    }

    @Test
    void shouldCountThreeThreadsForAPipelinedShard() throws IOException {
        assertEquals(
                2, decide(1, 8, 1, DEFAULT.withMode(Mode.PIPELINED)).seats().size());
        assertEquals(
                1, decide(1, 2, 1, DEFAULT.withMode(Mode.PIPELINED)).seats().size());
    }

    @Test
    void shouldPinToOneThreadOfEachCoreFirst() throws IOException {
        PlacementPlan plan = decide(1, 2, 2, DEFAULT.withShards(3).withPinThreads(true));

        assertEquals(
                List.of(List.of(0), List.of(1), List.of(2)),
                plan.seats().stream().map(Seat::cpus).toList());
    }

    @Test
    void shouldNotPinUnlessAsked() throws IOException {
        PlacementPlan plan = decide(2, 2, 1, DEFAULT);

        plan.seats().forEach(seat -> assertEquals(new Seat(PlacementPlan.ANY_NODE, List.of()), seat));
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "4, 2", "8, 4"})
    void shouldGiveEachNodeItsShards(int nodes, int cores) throws IOException {
        PlacementPlan plan = decide(nodes, cores, 1, DEFAULT.withNuma(true));

        assertEquals(nodes * cores, plan.seats().size());
        for (int shard = 0; shard < plan.seats().size(); shard++) {
            assertEquals(new Seat(shard / cores, List.of(shard)), plan.seats().get(shard));
        }
        assertEquals(List.of(), plan.notes());
    }

    @Test
    void shouldShareShardsOutByTheNodesCores() throws IOException {
        Topology topology =
                SysfsTree.machine(root, 2, 4, 1).allowed("0-5", "0-1").read();

        PlacementPlan plan = PlacementPolicy.decide(
                topology, NO_QUOTA, DEFAULT.withNuma(true).withShards(3).withMode(Mode.RUN_TO_COMPLETION));

        assertEquals(List.of(0, 0, 1), plan.seats().stream().map(Seat::node).toList());
    }

    @Test
    void shouldSayThatOneNodeIsNothingToPlaceBetween() throws IOException {
        PlacementPlan plan = decide(1, 2, 1, DEFAULT.withNuma(true));

        assertEquals(List.of(new Seat(0, List.of(0)), new Seat(0, List.of(1))), plan.seats());
        assertEquals(1, plan.notes().size());
        assertTrue(plan.notes().getFirst().contains("one node"), plan.notes()::toString);
    }

    @Test
    void shouldBindToNoNodeThatItCannotHaveMemoryOf() throws IOException {
        Topology topology = SysfsTree.machine(root, 2, 1, 1).allowed("0-1", "0").read();

        PlacementPlan plan = PlacementPolicy.decide(topology, NO_QUOTA, DEFAULT.withNuma(true));

        assertEquals(
                List.of(0, PlacementPlan.ANY_NODE),
                plan.seats().stream().map(Seat::node).toList());
        assertTrue(plan.notes().getFirst().contains("node 1 has no memory"), plan.notes()::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "8, RUN_TO_COMPLETION, engine.shards: 8 shards on 2 CPUs that this process may use: they share",
        "1, PIPELINED, engine.mode: 1 shard of three threads on 2 CPUs that this process may use: they share"
    })
    void shouldSayThatThreadsShareCpus(int shards, Mode mode, String note) throws IOException {
        PlacementPlan plan =
                decide(1, 2, 1, DEFAULT.withShards(shards).withMode(mode).withPinThreads(true));

        assertEquals(shards, plan.seats().size());
        assertEquals(List.of(note), plan.notes());
        plan.seats().forEach(seat -> assertFalse(seat.cpus().isEmpty()));
    }

    @ParameterizedTest
    @CsvSource({
        // cores, shards, budget in ns (−1: auto); then the budget granted, and whether a refusal is told
        "2, 1, 70000, 70000, false",
        "2, 1, -1, 50000, false",
        "2, 2, 70000, 0, true",
        "2, 2, -1, 0, false",
        "1, 1, 70000, 0, true",
        "4, 3, 70000, 70000, false",
        "4, 0, 70000, 0, true",
        "2, 1, 0, 0, false"
    })
    void shouldSpinOnlyWhereACpuStaysFree(int cores, int shards, long budgetNs, long grantedNs, boolean isTold)
            throws IOException {
        EngineSettings settings =
                DEFAULT.withShards(shards).withMode(Mode.RUN_TO_COMPLETION).withSpin(Duration.ofNanos(budgetNs));

        PlacementPlan plan = decide(1, cores, 1, settings);

        assertEquals(grantedNs, plan.spinNs());
        assertEquals(
                isTold,
                plan.notes().stream().anyMatch(note -> note.startsWith("engine.spin: turned off")),
                plan.notes()::toString);
    }

    @Test
    void shouldCountEveryThreadThatWouldSpin() throws IOException {
        EngineSettings settings = DEFAULT.withShards(1).withMode(Mode.PIPELINED).withSpin(Duration.ofNanos(50_000));

        assertEquals(0, decide(1, 3, 1, settings).spinNs());
        assertEquals(50_000, decide(1, 4, 1, settings).spinNs());
    }

    private PlacementPlan decide(int nodes, int cores, int threads, EngineSettings settings) throws IOException {
        Topology topology = SysfsTree.machine(root.resolve(nodes + "x" + cores + "x" + threads), nodes, cores, threads)
                .read();
        return PlacementPolicy.decide(topology, NO_QUOTA, settings);
    }
}

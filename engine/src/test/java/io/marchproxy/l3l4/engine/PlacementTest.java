package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.numa.Topology;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacementTest {
    private static final EngineSettings NIO = EngineSettings.DEFAULT.withTransport(EngineSettings.Transport.NIO);

    @Test
    void shouldRunAShardOnEachCoreByDefault() throws Exception {
        Placement placement = Placement.of(NIO);
        assertFalse(placement.plan().pipelined());
        assertEquals("run-to-completion", placement.modeLabel());
        Placement.Built built = build(placement);
        try {
            assertEquals(
                    Math.min(Topology.read().cores(), Runtime.getRuntime().availableProcessors()),
                    built.shards().size());
            assertEquals(TransportKind.NIO, built.transport());
            assertEquals(List.of(), built.refusals());
            built.shards()
                    .forEach(shard -> assertEquals(List.of(), shard.options().cpus()));
        } finally {
            close(built);
        }
    }

    @Test
    void shouldShareFlowsAndCpusOutAmongShards() throws Exception {
        List<Seat> seats = List.of(
                new Seat(PlacementPlan.ANY_NODE, List.of(0, 0, 0)),
                new Seat(PlacementPlan.ANY_NODE, List.of()),
                new Seat(0, List.of()));
        Placement placement = new Placement(
                NIO.withMaxFlows(10),
                Topology.read(),
                new PlacementPlan(true, "by hand", seats, 1_000, List.of("a note")));
        Placement.Built built = build(placement);
        try {
            assertEquals("pipelined", placement.modeLabel());
            assertEquals(List.of("a note"), built.refusals());
            for (int id = 0; id < 3; id++) {
                Shard shard = built.shards().get(id);
                assertEquals(id, shard.id());
                assertEquals(4, shard.options().maxFlows());
                assertEquals(seats.get(id).cpus(), shard.options().cpus());
                assertEquals(seats.get(id).node(), shard.options().node());
                assertEquals(1_000, shard.options().spinNs());
                assertTrue(shard.separateEgress());
            }
        } finally {
            close(built);
        }
    }

    private static Placement.Built build(Placement placement) {
        return placement.build(
                settings(), new BackendDirectory(), (backend, errno) -> {}, new DistinctErrors(), ShardJournals.NONE);
    }

    private static void close(Placement.Built built) throws InterruptedException {
        for (Shard shard : built.shards()) {
            shard.close();
        }
    }

    private static PipelineSettings settings() {
        return new PipelineSettings(
                1,
                "test",
                new ClassifySettings(List.of(), List.of()),
                new ShapeSettings(1, 1, 1, 1),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of()));
    }
}

package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Shard;
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
    void shouldRunAShardOnEachCpuByDefault() {
        Placement placement = Placement.of(NIO);
        assertEquals(Runtime.getRuntime().availableProcessors(), placement.shardCount());
        assertFalse(placement.pipelined());
        assertEquals("run-to-completion", placement.modeLabel());
        assertEquals(TransportKind.NIO, placement.transport());
        assertEquals(List.of(), placement.refusals());
        assertEquals(List.of(), placement.cpus());
    }

    @Test
    void shouldCountThreeThreadsForAPipelinedShard() {
        Placement placement = Placement.of(NIO.withMode(EngineSettings.Mode.PIPELINED));
        assertTrue(placement.pipelined());
        assertEquals("pipelined", placement.modeLabel());
        assertEquals(Math.max(1, Runtime.getRuntime().availableProcessors() / 3), placement.shardCount());
    }

    @Test
    void shouldShareFlowsAndCpusOutAmongShards() throws Exception {
        Placement placement = new Placement(NIO.withMaxFlows(10), TransportKind.NIO, true, 3, List.of(4, 5), List.of());
        List<Shard> shards =
                placement.shards(settings(), new BackendDirectory(), (backend, errno) -> {}, new DistinctErrors());
        try {
            assertEquals(3, shards.size());
            assertEquals(List.of(4, 5, 4), shards.get(0).options().cpus());
            assertEquals(List.of(5, 4, 5), shards.get(1).options().cpus());
            for (int id = 0; id < 3; id++) {
                assertEquals(id, shards.get(id).id());
                assertEquals(4, shards.get(id).options().maxFlows());
                assertTrue(shards.get(id).separateEgress());
            }
        } finally {
            for (Shard shard : shards) {
                shard.close();
            }
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

package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** What the egress let go reaches the event loop, whatever becomes of what went before. */
class EgressHopTest {
    private final DistinctErrors errors = new DistinctErrors();

    @Test
    void shouldDoTheRestWhenOneFails() throws Exception {
        Shard shard = shard();
        try {
            EgressHop hop = new EgressHop(shard);
            Queue<String> done = new ConcurrentLinkedQueue<>();
            shard.loop().execute(() -> {
                hop.hand(EgressHopTest::fail);
                hop.hand(() -> done.add("action"));
                hop.dirty(EgressHopTest::fail);
                hop.dirty(() -> done.add("flush"));
                hop.flush();
            });
            Await.value("done", TcpRig.PATIENCE, () -> List.copyOf(done), List.of("action", "flush")::equals);
            assertEquals(2, errors.total());
        } finally {
            shard.close();
        }
    }

    private static void fail() {
        throw new IllegalStateException("a trial");
    }

    private Shard shard() {
        PipelineSettings settings = new PipelineSettings(
                1,
                "test",
                new ClassifySettings(List.of(), List.of()),
                new ShapeSettings(1, 1, 1, 1),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of()));
        ShardOptions options = new ShardOptions(0, TransportKind.NIO, false, 2048, 10, 1, List.of());
        return new Shard(options, settings, new BackendDirectory(), (backend, errno) -> {}, errors);
    }
}

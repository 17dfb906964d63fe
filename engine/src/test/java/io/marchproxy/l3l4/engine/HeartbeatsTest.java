package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HeartbeatsTest {
    private static final long MINUTE_NS = TimeUnit.MINUTES.toNanos(1);

    @Test
    void shouldTellAShardThatDoesNotAnswerFromOneThatDoes() throws Exception {
        PipelineSettings settings = new PipelineSettings(
                1,
                "none",
                new ClassifySettings(List.of(), List.of()),
                new ShapeSettings(1, 1, 1, 1),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of()));
        List<Shard> shards = Placement.of(EngineSettings.DEFAULT.withShards(2).withMaxFlows(10))
                .build(
                        settings,
                        new BackendDirectory(),
                        (backend, errno) -> {},
                        new DistinctErrors(),
                        ShardJournals.NONE)
                .shards();
        CountDownLatch release = new CountDownLatch(1);
        try {
            Heartbeats heartbeats = new Heartbeats(shards);
            assertTrue(heartbeats.allAnswered(System.nanoTime()));
            assertFalse(heartbeats.allAnswered(System.nanoTime() + MINUTE_NS));
            long askedNs = System.nanoTime();
            heartbeats.ask();
            // As seen from just under the limit after the question, only an answer makes it look alive.
            long laterNs = askedNs + TimeUnit.SECONDS.toNanos(15);
            while (!heartbeats.allAnswered(laterNs)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            shards.get(1).loop().execute(() -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            heartbeats.ask();
            assertFalse(heartbeats.allAnswered(System.nanoTime() + MINUTE_NS));
        } finally {
            release.countDown();
            for (Shard shard : shards) {
                shard.close();
            }
        }
    }
}

package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Collects a shard's books while a SNAPSHOT event passes through it in line with the packets: ingress, stages and egress
 * each copy theirs just when the event passes, so that what is in flight between two of them is in neither or is held.
 */
final class BooksSnapshot {
    private final CompletableFuture<ShardBooks> done = new CompletableFuture<>();
    private final TrafficBooks ingress;
    private volatile @Nullable TrafficBooks pipeline;

    /** A snapshot that goes into the ring with the ingress's books as they stand. */
    BooksSnapshot(TrafficBooks ingress) {
        this.ingress = ingress;
    }

    void pipeline(TrafficBooks copy) {
        pipeline = copy;
    }

    void egress(TrafficBooks copy) {
        TrafficBooks stages = pipeline;
        if (stages != null) {
            done.complete(new ShardBooks(ingress, stages, copy));
        }
    }

    CompletableFuture<ShardBooks> done() {
        return done;
    }
}

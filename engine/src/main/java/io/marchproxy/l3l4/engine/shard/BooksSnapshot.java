package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Collects a shard's books while a SNAPSHOT event passes through it in line with the packets: stages and egress each copy
 * theirs just when the event passes, so that what is in flight between the two is in neither.
 */
final class BooksSnapshot {
    /** The two parts, as of one point in the order of events. */
    record Parts(TrafficBooks pipeline, TrafficBooks egress) {}

    private final CompletableFuture<Parts> done = new CompletableFuture<>();
    private volatile @Nullable TrafficBooks pipeline;

    void pipeline(TrafficBooks copy) {
        pipeline = copy;
    }

    void egress(TrafficBooks copy) {
        TrafficBooks stages = pipeline;
        if (stages != null) {
            done.complete(new Parts(stages, copy));
        }
    }

    CompletableFuture<Parts> done() {
        return done;
    }
}

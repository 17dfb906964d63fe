package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.shard.Shard;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Knows whether every shard's threads still turn: a question goes through each shard in line with its packets, from the event
 * loop over the stages to the egress, and is answered by the last. Cheap, since it is one event a second.
 */
final class Heartbeats {
    static final long INTERVAL_MS = 1000;

    /** Far longer than any pause of a healthy process on a loaded machine. */
    private static final long STUCK_AFTER_NS = TimeUnit.SECONDS.toNanos(15);

    private final List<Shard> shards;
    private final AtomicLongArray answeredNs;
    private final AtomicLongArray asked;

    Heartbeats(List<Shard> shards) {
        this.shards = shards;
        this.answeredNs = new AtomicLongArray(shards.size());
        this.asked = new AtomicLongArray(shards.size());
        long nowNs = System.nanoTime();
        for (int i = 0; i < shards.size(); i++) {
            answeredNs.set(i, nowNs);
        }
    }

    /** Asks every shard that has answered the last question. */
    void ask() {
        for (int i = 0; i < shards.size(); i++) {
            int shard = i;
            if (asked.compareAndSet(shard, 0, 1)) {
                shards.get(shard).books().whenComplete((books, failure) -> {
                    if (failure == null) {
                        answeredNs.set(shard, System.nanoTime());
                    }
                    asked.set(shard, 0);
                });
            }
        }
    }

    /** Whether all shards have answered lately. */
    boolean allAnswered(long nowNs) {
        for (int i = 0; i < shards.size(); i++) {
            if (nowNs - answeredNs.get(i) > STUCK_AFTER_NS) {
                return false;
            }
        }
        return true;
    }
}

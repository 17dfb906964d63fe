package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Waits for what shards were told or asked. One that is late has it in its ring, in order, before what comes next. */
final class Answers {
    private static final long PATIENCE_SECONDS = 5;

    private Answers() {}

    /** Waits until all is in force; false when a shard is late, which is counted. */
    static boolean await(List<CompletableFuture<Void>> told, String lateness, DistinctErrors errors) {
        try {
            join(told);
            return true;
        } catch (CompletionException e) {
            errors.record(lateness, e);
            return false;
        }
    }

    /**
     * Waits for all answers.
     *
     * @throws CompletionException when a shard is late
     */
    static <T> List<T> join(List<CompletableFuture<T>> asked) {
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        return asked.stream().map(CompletableFuture::join).toList();
    }
}

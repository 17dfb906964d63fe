package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/**
 * What a replay must know to begin where the service began.
 *
 * @param version of the program
 * @param mode what was recorded
 * @param shards how many there were
 * @param seed of everything random in the shard
 * @param maxFlows capacity of the shard's flow table
 * @param startedEpochMs wall clock at the start, in milliseconds since 1970
 * @param startedNs the shards' monotonic time at that moment
 * @param settings that the pipeline began with
 */
public record SessionInfo(
        String version,
        JournalSettings.Mode mode,
        int shard,
        int shards,
        boolean pipelined,
        long seed,
        int maxFlows,
        long startedEpochMs,
        long startedNs,
        PipelineSettings settings) {
    /** The same with the settings that have come into force since. */
    SessionInfo with(PipelineSettings others) {
        return new SessionInfo(
                version, mode, shard, shards, pipelined, seed, maxFlows, startedEpochMs, startedNs, others);
    }

    /** Wall clock of a moment of the shard's time, in milliseconds since 1970, as if the clock had not been set since the start. */
    public long epochMs(long nowNs) {
        return startedEpochMs + Math.floorDiv(nowNs - startedNs, 1_000_000L);
    }
}

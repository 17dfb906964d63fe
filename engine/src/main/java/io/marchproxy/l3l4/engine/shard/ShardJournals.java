package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/** Gives each shard its journal, before its threads start. */
public interface ShardJournals {
    /** Records nothing. */
    ShardJournals NONE = (options, settings, flows) -> Journal.NONE;

    /**
     * A shard's journal; the pipeline's thread alone calls it.
     *
     * @param settings that the pipeline begins with
     * @param flows the pipeline's, which the journal may read while it is called
     */
    Journal open(ShardOptions options, PipelineSettings settings, OffHeapFlowTable flows);

    /** A shard's threads have ended; its flow table can be read for the last time. */
    default void ended(int shard) {
        // most have nothing left to do
    }

    /** Both, the one first. */
    static ShardJournals both(ShardJournals first, ShardJournals second) {
        return new ShardJournals() {
            @Override
            public Journal open(ShardOptions options, PipelineSettings settings, OffHeapFlowTable flows) {
                return new BothJournals(first.open(options, settings, flows), second.open(options, settings, flows));
            }

            @Override
            public void ended(int shard) {
                first.ended(shard);
                second.ended(shard);
            }
        };
    }
}

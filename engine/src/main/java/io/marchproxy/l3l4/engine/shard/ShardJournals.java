package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/** Gives each shard its journal, before its threads start. */
@FunctionalInterface
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
}

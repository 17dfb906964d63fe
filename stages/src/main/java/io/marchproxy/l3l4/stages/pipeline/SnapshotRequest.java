package io.marchproxy.l3l4.stages.pipeline;

/** What a SNAPSHOT event carries as its attachment: someone off the packet path who wants consistent books. */
@FunctionalInterface
public interface SnapshotRequest {
    /**
     * Takes the pipeline's books as of this event. Called by the pipeline's thread; keep it short.
     *
     * @param copy the caller's own
     * @param nowNs the pipeline's time
     */
    void pipelineBooks(TrafficBooks copy, long nowNs);
}

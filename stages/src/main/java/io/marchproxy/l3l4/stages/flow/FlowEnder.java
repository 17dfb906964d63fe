package io.marchproxy.l3l4.stages.flow;

/** Ends a flow on a stage's behalf: frees it, and tells journal and output. */
@FunctionalInterface
public interface FlowEnder {
    /**
     * Ends a flow.
     *
     * @param flowRef of a flow that is there
     */
    void end(long flowRef, FlowEnd reason);
}

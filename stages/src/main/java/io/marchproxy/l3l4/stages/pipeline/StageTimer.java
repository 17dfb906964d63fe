package io.marchproxy.l3l4.stages.pipeline;

/**
 * Hears when a packet that is timed has passed each stage. Who listens reads the clock: stages know none, and nothing that
 * they decide depends on it. Called by the pipeline's thread.
 */
public interface StageTimer {
    /** The packet is about to enter the first stage, classify. */
    void begins();

    /** The packet has passed the next stage, in their order; what held or dropped it is the last. Classify has its entry in the books with it. */
    void passed();
}

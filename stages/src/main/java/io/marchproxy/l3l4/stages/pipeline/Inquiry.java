package io.marchproxy.l3l4.stages.pipeline;

/** What a SNAPSHOT event may carry: looks at a pipeline in line with the packets, on its thread, and changes nothing. */
@FunctionalInterface
public interface Inquiry {
    /** Looks; packets wait meanwhile. */
    void look(Pipeline pipeline);
}

package io.marchproxy.l3l4.stages.pipeline;

/**
 * A part of a settings record that follows from its other components, and is made by its constructor when it is given as null:
 * off the packet path, once for all shards. Journals leave it out.
 */
public interface Derived {}

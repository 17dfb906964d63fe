package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;

/**
 * The books of one shard by writer. What came in = what left + dropped + held, over the three together, where the
 * pipeline's own out and the egress's own in, which are the same hand-over, cancel out.
 */
public record ShardBooks(TrafficBooks ingress, TrafficBooks pipeline, TrafficBooks egress) {}

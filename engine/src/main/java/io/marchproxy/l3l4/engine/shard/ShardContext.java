package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.netty.channel.EventLoop;
import java.util.concurrent.CompletableFuture;

/** What transports know of the shard that they serve. Immutable. */
public interface ShardContext {
    /** The shard's number, from 0. */
    int id();

    /** The shard's I/O thread; channels and descriptors of sockets are registered with it. */
    EventLoop loop();

    TransportKind transport();

    ShardIngress ingress();

    ShardEgress egress();

    /** Where errors go that should not happen, and that the shard's threads outlive. */
    DistinctErrors errors();

    /** Where the shard's times go, each point's by one thread. */
    ShardLatency latency();

    /** What may pass the shard's limits at once. */
    Bursts bursts();

    /** True when the egress has a thread of its own (pipelined placement), so channel state must be reached through {@link #loop()}. */
    boolean separateEgress();

    /** Completes, on the egress thread as a rule, when all that the shard was told before has gone through stages and egress. Any thread. */
    CompletableFuture<Void> passed();
}

package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import org.jspecify.annotations.Nullable;

/** What endpoints need when they send. Used by the egress thread alone, which in run-to-completion is the event loop's. */
public interface ShardEgress {
    /** Books of what the egress took over (in), sent (out), holds and dropped. */
    TrafficBooks books();

    /** Has {@link BatchedEgress#flush()} called once, when the present batch is through. Repeated calls within a batch count once if the caller sees to it. */
    void dirty(BatchedEgress sender);

    /** Makes an endpoint known as a flow's, so that the pipeline's own end of the flow finds it. */
    void bind(long flowRef, Endpoint endpoint);

    /** Forgets a flow's endpoint. */
    void unbind(long flowRef);

    /** The backend with this number, also one that a reload took away; null when it never had an address. */
    @Nullable
    BackendTarget backend(int index);

    /** Counts that a flow sends to a backend, and nothing that it had sent before is left unanswered. */
    void asked(int backend);

    /** Counts that something came back from a backend for what a flow had sent, so long after that had left. */
    void answered(int backend, long waitNs);

    /** Tells the health monitor that live traffic met an error at a backend: connect refused or timed out, ICMP unreachable. Any thread. */
    void signal(int backend, int errno);
}

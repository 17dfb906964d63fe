package io.marchproxy.l3l4.engine.shard;

/** A sender that gathers what a batch gave it and sends it once. Egress thread. */
public interface BatchedEgress {
    /** Sends what was gathered. */
    void flush();
}

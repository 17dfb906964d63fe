package io.marchproxy.l3l4.stages.shape;

import org.jspecify.annotations.Nullable;

/** The ceiling of one client of a service, or of one of its connections, in one direction. */
final class EachBucket {
    /** A client's is twice its service's number, a connection's one more. */
    final int kind;

    /** A client's address; of a connection, 0 and its flow reference. */
    final long high;

    final long low;

    final TokenBucket bucket = new TokenBucket();

    /** Packets and ends of streams that wait under it. */
    int held;

    /** The next in the table's chain. */
    @Nullable
    EachBucket chained;

    EachBucket(int kind, long high, long low) {
        this.kind = kind;
        this.high = high;
        this.low = low;
    }
}

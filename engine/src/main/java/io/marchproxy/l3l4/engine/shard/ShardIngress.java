package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import org.jspecify.annotations.Nullable;

/**
 * Where transports put what came in: the shard's ring. Used by the shard's event loop thread alone.
 *
 * <p>Every claim is followed by exactly one {@link #publish()} before the next claim, and every callback of the event loop
 * that published ends with {@link #settle()}.
 */
public interface ShardIngress {
    /** The shard's monotonic time in nanoseconds, read once a batch. */
    long nowNs();

    /**
     * Claims the next slot without waiting.
     *
     * @return null when the ring is full; the caller drops the datagram and counts it
     */
    @Nullable
    PacketDescriptor tryClaim();

    /** Claims the next slot; when the ring is full, makes or waits for room. For streams and control events, which are never dropped. */
    PacketDescriptor claim();

    /** Hands the claimed slot to the stages. */
    void publish();

    /** As {@link #publish}, for what belongs to a flow in bulk, which gains from being handled in larger pieces and has no hurry. */
    void publishBulk();

    /**
     * A flow in bulk has come to the end of what there is. When nothing but bulk has come for a while, the loop rests for some
     * tens of microseconds before it waits for more: a sender that need not wake us for each of its segments is a good deal
     * faster.
     */
    void rest();

    /**
     * Says that the caller's callback is over. Within a batch of I/O this does nothing, since the batch's end runs the stages;
     * outside of one (a timer, a connect's result) it runs or wakes them now.
     */
    void settle();

    /**
     * Has an action run once at the end of the loop's next turn of I/O, which does not wait: for those who stopped early so
     * that others get their turn. A task of the loop would run before the turn.
     */
    void nextTurn(Runnable action);

    /**
     * Runs or wakes the stages for what is in the ring, though the batch goes on: a sender that never pauses would otherwise
     * keep what it sent first, and its buffers, waiting for the batch's end. Not for callers within the stages.
     */
    void relieve();

    /**
     * Books that the event loop's thread writes: packets that came in but were dropped before they reached the ring (in and
     * dropped), and in pipelined placement what sockets accepted after the egress had handed it over (out, held reduced).
     */
    TrafficBooks books();
}

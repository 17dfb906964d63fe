package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * In pipelined placement, carries what the egress thread was told over to the event loop's thread, which owns the sockets: in
 * order, and with one wake-up for a batch. It needs no bound of its own, since each connection's bytes under way are bounded.
 */
final class EgressHop implements BatchedEgress {
    private final ShardContext context;
    private final Queue<Runnable> actions = new ConcurrentLinkedQueue<>();
    private final Queue<Long> unbound = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<BatchedEgress> dirty = new ArrayDeque<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private boolean handed;

    EgressHop(ShardContext context) {
        this.context = context;
    }

    /** Egress thread. */
    void hand(Runnable action) {
        actions.add(action);
        if (!handed) {
            handed = true;
            context.egress().dirty(this);
        }
    }

    /** Wakes the event loop for what was handed over in this batch. Egress thread. */
    @Override
    public void flush() {
        handed = false;
        if (scheduled.compareAndSet(false, true)) {
            context.loop().execute(this::run);
        }
    }

    /** Has a writer flushed after the batch. Event loop's thread. */
    void dirty(BatchedEgress writer) {
        dirty.add(writer);
    }

    /** Has the egress thread forget a flow when it next has a new one. Event loop's thread. */
    void unbindLater(long flowRef) {
        unbound.add(flowRef);
    }

    /** Egress thread. */
    void unbindLeft() {
        for (Long flowRef = unbound.poll(); flowRef != null; flowRef = unbound.poll()) {
            context.egress().unbind(flowRef);
        }
    }

    private void run() {
        scheduled.set(false);
        carryOut();
    }

    /** Does what was handed over up to now, in order. Event loop's thread. */
    void carryOut() {
        for (Runnable action = actions.poll(); action != null; action = actions.poll()) {
            attempt(action);
        }
        for (BatchedEgress writer = dirty.poll(); writer != null; writer = dirty.poll()) {
            attempt(writer::flush);
        }
        context.ingress().settle();
    }

    /** One connection's error is not to keep from the others what the egress let go. */
    private void attempt(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            context.errors().record("tcp egress", e);
        }
    }
}

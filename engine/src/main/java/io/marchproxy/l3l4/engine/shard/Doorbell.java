package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.SingleWriter;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes the thread at a ring's other end without a system call while it is awake.
 *
 * <p>The consumer says that it goes to sleep, looks at the ring once more and only then parks; the producer publishes first
 * and looks whether the consumer sleeps after. The full fences between the two steps on either side make sure that at
 * least one of them sees the other (Dekker). Both write it, though only around a sleep; apart from everything else in the heap,
 * since the producer reads it for every batch.
 */
final class Doorbell extends SingleWriter {
    private volatile boolean asleep;
    private volatile @Nullable Thread sleeper;

    /** Wakes the consumer if it sleeps. Producer's thread, after publishing. */
    void ring() {
        VarHandle.fullFence();
        if (asleep) {
            asleep = false;
            LockSupport.unpark(sleeper);
        }
    }

    /** Announces sleep; the caller looks for work once more before {@link #await}. Consumer's thread. */
    void prepare() {
        if (sleeper == null) {
            sleeper = Thread.currentThread();
        }
        asleep = true;
        VarHandle.fullFence();
    }

    /** Takes the announcement back: there is work. */
    void cancel() {
        asleep = false;
    }

    /** Sleeps until rung, interrupted or the time has passed; may return early. */
    void await(long nanos) {
        if (asleep) {
            LockSupport.parkNanos(this, nanos);
        }
        asleep = false;
    }
}

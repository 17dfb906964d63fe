package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Readiness by io_uring: one POLL_ADD that completes with every wake-up of the socket (multishot) and is renewed when it
 * ends. It tells of arrivals, not of what was left unread; for that a second, single POLL_ADD is asked for.
 *
 * <p>Numbers are those of io_uring.h, since Netty keeps its own to itself.
 */
final class IoUringReadiness extends FdReadiness implements IoUringIoHandle {
    private static final byte OP_POLL_ADD = 6;
    private static final byte OP_ASYNC_CANCEL = 14;
    private static final int POLL_ADD_MULTI = 1;
    private static final int CQE_F_MORE = 2;

    /** What an operation is, in the completion that Netty hands back; it spends no look-up on what fits a short. */
    private static final int ARRIVALS = 1;

    private static final int ONCE = 2;
    private static final int CANCEL = 3;
    private static final long NONE = 0;
    private static final long PAUSE_AFTER_FAILURE_MS = 10;

    private final EventLoop loop;
    private final int fd;
    private final int interest;
    private final Runnable submitOnce = this::submitOnce;
    private @Nullable IoRegistration registration;
    private long arrivalsId = NONE;
    private long onceId = NONE;
    private boolean onceIsAsked;

    IoUringReadiness(EventLoop loop, int fd, int interest, Watcher watcher) {
        super(watcher);
        this.loop = loop;
        this.fd = fd;
        this.interest = interest;
    }

    @Override
    IoHandle handle() {
        return this;
    }

    @Override
    void begin(IoRegistration granted) {
        registration = granted;
        submitArrivals();
    }

    /**
     * Submits after the loop's present turn of I/O, since Netty would otherwise serve the completion in the same turn, and
     * so on until its patience ends, while timers and everything that waits for the batch's end wait.
     */
    @Override
    public void again() {
        if (!onceIsAsked) {
            onceIsAsked = true;
            loop.execute(submitOnce);
        }
    }

    private void submitArrivals() {
        if (!isClosed()) {
            arrivalsId = submit(OP_POLL_ADD, NONE, POLL_ADD_MULTI, interest, ARRIVALS);
        }
    }

    private void submitOnce() {
        if (!isClosed()) {
            onceId = submit(OP_POLL_ADD, NONE, 0, READABLE, ONCE);
        }
    }

    private long submit(byte operation, long target, int length, int events, int purpose) {
        IoRegistration granted = registration;
        if (granted == null) {
            return NONE;
        }
        short zero = 0;
        int on = operation == OP_POLL_ADD ? fd : -1;
        return granted.submit(new IoUringIoOps(
                operation, (byte) 0, zero, on, 0L, target, length, events, (long) purpose, zero, zero, 0, 0L));
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        IoUringIoEvent completion = (IoUringIoEvent) event;
        int result = completion.res();
        switch ((int) completion.userData()) {
            case ARRIVALS -> arrived(result, (completion.flags() & CQE_F_MORE) != 0);
            case ONCE -> {
                onceId = NONE;
                onceIsAsked = false;
                fire(result);
            }
            default -> {
                // the answer to a cancel
            }
        }
    }

    private void arrived(int result, boolean moreWillCome) {
        if (!moreWillCome) {
            arrivalsId = NONE;
        }
        if (result >= 0) {
            fire(result);
            if (!moreWillCome) {
                submitArrivals();
            }
        } else if (!moreWillCome && !isClosed()) {
            loop.schedule(this::submitArrivals, PAUSE_AFTER_FAILURE_MS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    void end() {
        if (arrivalsId != NONE) {
            submit(OP_ASYNC_CANCEL, arrivalsId, 0, 0, CANCEL);
        }
        if (onceId != NONE) {
            submit(OP_ASYNC_CANCEL, onceId, 0, 0, CANCEL);
        }
        IoRegistration granted = registration;
        if (granted != null) {
            granted.cancel();
        }
    }

    @Override
    public void unregistered() {
        gone();
    }

    @Override
    public void close() {
        loopEnds();
    }
}

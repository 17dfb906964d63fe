package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Readiness by io_uring: one POLL_ADD that completes with every wake-up of the socket (multishot) and is renewed when it
 * ends. It tells of arrivals, not of what was left unread; for that a second, single POLL_ADD is asked for.
 */
final class IoUringReadiness extends FdReadiness implements UringHandle {
    private static final int ARRIVALS = 1;
    private static final int ONCE = 2;
    private static final int CANCEL = 3;
    private static final long PAUSE_AFTER_FAILURE_MS = 10;

    private final EventLoop loop;
    private final int fd;
    private final int interest;
    private final Runnable submitOnce = this::submitOnce;
    private @Nullable IoRegistration registration;
    private @Nullable UringRegistration operations;
    private long arrivalsId = UringRegistration.NONE;
    private long onceId = UringRegistration.NONE;
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
        operations = UringRegistration.of(granted);
        submitArrivals();
    }

    /**
     * Submits after the loop's present turn of I/O, which would otherwise serve the completion as well, and so on until its
     * patience ends, while timers and everything that waits for the batch's end wait.
     */
    @Override
    public void again() {
        if (!onceIsAsked) {
            onceIsAsked = true;
            loop.execute(submitOnce);
        }
    }

    private void submitArrivals() {
        UringRegistration granted = operations;
        if (!isClosed() && granted != null) {
            arrivalsId = granted.poll(fd, interest, true, ARRIVALS);
        }
    }

    private void submitOnce() {
        UringRegistration granted = operations;
        if (!isClosed() && granted != null) {
            onceId = granted.poll(fd, READABLE, false, ONCE);
        }
    }

    @Override
    public void completed(int purpose, int result, int flags) {
        switch (purpose) {
            case ARRIVALS -> arrived(result, (flags & UringRegistration.CQE_F_MORE) != 0);
            case ONCE -> {
                onceId = UringRegistration.NONE;
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
            arrivalsId = UringRegistration.NONE;
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
        IoRegistration granted = registration;
        UringRegistration ending = operations;
        if (granted == null || ending == null) {
            return;
        }
        if (arrivalsId != UringRegistration.NONE) {
            ending.cancel(arrivalsId, CANCEL);
        }
        if (onceId != UringRegistration.NONE) {
            ending.cancel(onceId, CANCEL);
        }
        granted.cancel();
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

package io.marchproxy.l3l4.engine.transport;

import io.marchproxy.l3l4.engine.sys.IoUringCalls;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Wakes an event loop that waits for its io_uring: an eventfd(2) that the loop polls. Nobody reads it, since each write wakes
 * the poll whatever was written before, and its 64 bits are never full.
 */
final class LoopAlarm implements UringHandle {
    private static final int RUNG = 1;
    private static final int CLOSED = 1 << 30;

    private final AtomicBoolean isRung = new AtomicBoolean();
    private final AtomicInteger ringing = new AtomicInteger();
    private final int fd;
    private @Nullable UringRegistration registration;

    LoopAlarm() {
        fd = new IoUringCalls().eventFd();
        if (fd < 0) {
            throw new UncheckedIOException(new SystemCallException("making an eventfd", -fd));
        }
    }

    /** Begins to wake the loop. */
    void begin(UringRegistration granted) {
        registration = granted;
        granted.poll(fd, FdReadiness.READABLE, true, RUNG);
    }

    /** Wakes the loop, or sees to it that its next wait is short. Any thread; one call of many until it is heard costs a system call. */
    void ring() {
        if (isRung.getAndSet(true)) {
            return;
        }
        int before = ringing.getAndIncrement();
        try {
            if (before < CLOSED) {
                IoUringCalls.signal(fd);
            }
        } finally {
            ringing.getAndDecrement();
        }
    }

    /** The loop is awake, and looks for tasks after this. */
    @Override
    public void completed(int purpose, int result, int flags) {
        isRung.set(false);
        if ((flags & UringRegistration.CQE_F_MORE) == 0 && registration != null) {
            begin(registration);
        }
    }

    /** When the io_uring is closed: closes the descriptor once nobody writes to it any more, lest it hit another file under its number. */
    @Override
    public void close() {
        ringing.getAndAdd(CLOSED);
        while (ringing.get() != CLOSED) {
            Thread.onSpinWait();
        }
        new SocketCalls().close(fd);
    }
}

package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Readiness by epoll: level-triggered, so that what was left unread is told again by itself, unless {@link #EDGES} are asked
 * for.
 */
final class EpollReadiness extends FdReadiness implements EpollIoHandle {
    /** EPOLLET of epoll.h. */
    static final int EDGES = 1 << 31;

    private final int interest;
    private final FileDescriptor descriptor;
    private @Nullable IoRegistration registration;

    EpollReadiness(int fd, int interest, Watcher watcher) {
        super(watcher);
        this.interest = interest;
        descriptor = new FileDescriptor(fd);
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    IoHandle handle() {
        return this;
    }

    @Override
    void begin(IoRegistration granted) {
        registration = granted;
        granted.submit(EpollIoOps.valueOf(interest));
    }

    @Override
    public void again() {
        // level-triggered
    }

    @Override
    void end() {
        IoRegistration granted = registration;
        if (granted != null) {
            granted.cancel();
        }
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        fire(((EpollIoEvent) event).ops().value());
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

package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Keeps a socket in its epoll set while nothing is wanted of it. Netty (4.2.18) takes one out as soon as it waits for neither
 * input nor output nor the peer's end, forgets that it did, and fails the socket when reading goes on; and a reset would not
 * be seen in between. Errors, which are reported in any case, are waited for instead.
 */
record LastingRegistration(IoRegistration delegate) implements IoRegistration {
    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // the interface says so
    public <T> T attachment() {
        return delegate.attachment();
    }

    @Override
    public long submit(IoOps ops) {
        return delegate.submit(ops.equals(EpollIoOps.NONE) ? EpollIoOps.EPOLLERR : ops);
    }

    @Override
    public boolean isValid() {
        return delegate.isValid();
    }

    @Override
    public boolean cancel() {
        return delegate.cancel();
    }
}

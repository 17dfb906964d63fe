package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A socket by system calls. */
final class FdStreamSocket implements StreamSocket {
    private static final int DSCP_SHIFT = 2;

    private final FdSockets calls;
    private final int fd;
    private final boolean isSix;
    private final InetSocketAddress remote;
    private final int ingressDscp;
    private @Nullable InetSocketAddress local;
    private @Nullable FdReadiness readiness;
    private boolean isClosed;

    /**
     * Takes a descriptor over.
     *
     * @param isSix of the address family AF_INET6, though it may carry IPv4
     * @param ingressDscp as {@link #ingressDscp()} answers
     */
    FdStreamSocket(FdSockets calls, int fd, boolean isSix, InetSocketAddress remote, int ingressDscp) {
        this.calls = calls;
        this.fd = fd;
        this.isSix = isSix;
        this.remote = remote;
        this.ingressDscp = ingressDscp;
        calls.open().opened();
    }

    /** What the listener knows already need not be asked. */
    void localAddress(InetSocketAddress known) {
        local = known;
    }

    @Override
    public void watch(FdReadiness.Watcher watcher) throws IOException {
        readiness = calls.watch(fd, watcher);
    }

    @Override
    public int connect(InetSocketAddress address) {
        return calls.sockets().connect(fd, calls.scratch(), SocketAddresses.write(calls.scratch(), address));
    }

    @Override
    public int connectOutcome() {
        // While the connection is being made nothing is told, so that an outcome there is (connect(2)).
        return -takeError();
    }

    @Override
    public int read(Chunk into, int most) {
        int received = calls.streams().receive(fd, into.address(), most);
        into.filled(Math.max(received, 0));
        return received;
    }

    @Override
    public int write(Chunk from) {
        int sent = calls.streams().send(fd, from.bytesAddress(), from.length());
        if (sent > 0) {
            from.took(sent);
        }
        return sent;
    }

    @Override
    public int descriptor() {
        return fd;
    }

    @Override
    public int takeError() {
        return Math.abs(calls.sockets().getOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_ERROR));
    }

    @Override
    public int shutdownOutput() {
        return calls.streams().shutdown(fd, StreamCalls.SHUT_WR);
    }

    @Override
    public void noDelay(boolean on) {
        if (on) {
            calls.sockets().setOption(fd, SocketLayout.SOL_TCP, SocketLayout.TCP_NODELAY, 1);
        }
    }

    @Override
    public boolean mark(int codePoint) {
        int trafficClass = codePoint << DSCP_SHIFT;
        boolean carriesFour = remote.getAddress() instanceof Inet4Address;
        boolean isMarked = !isSix || option(SocketLayout.SOL_IPV6, SocketLayout.IPV6_TCLASS, trafficClass);
        return isMarked && (!carriesFour || option(SocketLayout.SOL_IP, SocketLayout.IP_TOS, trafficClass));
    }

    private boolean option(int level, int option, int value) {
        return calls.sockets().setOption(fd, level, option, value) >= 0;
    }

    @Override
    public int ingressDscp() {
        return ingressDscp;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public InetSocketAddress localAddress() {
        InetSocketAddress known = local;
        if (known == null) {
            known = calls.localAddress(fd);
            local = known;
        }
        return known;
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            FdReadiness told = readiness;
            if (told == null) {
                release();
            } else {
                told.close(this::release);
            }
        }
    }

    @Override
    public void reset() {
        if (!isClosed) {
            calls.streams().resetAtClose(fd);
            close();
        }
    }

    private void release() {
        calls.sockets().close(fd);
        calls.open().closed();
    }
}

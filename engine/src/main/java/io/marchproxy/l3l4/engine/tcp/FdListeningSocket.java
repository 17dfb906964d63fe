package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A listening socket by system calls. */
final class FdListeningSocket implements ListeningSocket {
    /** Made beforehand: once there is no descriptor left, what it needs can't be loaded any more. */
    private static final String NO_DESCRIPTOR = Errno.describe(Errno.EMFILE);

    private final FdSockets calls;
    private final int fd;
    private final boolean isSix;
    private final InetSocketAddress address;
    private @Nullable FdReadiness readiness;

    FdListeningSocket(FdSockets calls, int fd, boolean isSix, InetSocketAddress address) {
        this.calls = calls;
        this.fd = fd;
        this.isSix = isSix;
        this.address = address;
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public int descriptor() {
        return fd;
    }

    @Override
    public void watch(Runnable clientsWait) throws IOException {
        readiness = calls.watch(fd, events -> clientsWait.run());
    }

    @Override
    public @Nullable StreamSocket accept() throws IOException {
        while (true) {
            int accepted = calls.streams().accept(fd, calls.scratch(), FdSockets.ADDRESS_BYTES);
            if (accepted >= 0) {
                InetSocketAddress from = SocketAddresses.read(calls.scratch());
                FdStreamSocket client = new FdStreamSocket(calls, accepted, isSix, from, calls.dscpOfSyn(accepted));
                if (!address.getAddress().isAnyLocalAddress()) {
                    client.localAddress(address);
                }
                return client;
            }
            if (accepted == -Errno.EAGAIN) {
                return null;
            }
            if (accepted == -Errno.EMFILE) {
                throw new IOException(NO_DESCRIPTOR);
            }
            // These say something of one client, who is gone, and not of the next (accept(2)).
            if (accepted != -Errno.ECONNABORTED && accepted != -Errno.EINTR) {
                throw new SystemCallException("accept", -accepted);
            }
        }
    }

    @Override
    public void close(Runnable afterwards) {
        FdReadiness told = readiness;
        Runnable release = () -> {
            new SocketCalls().close(fd);
            afterwards.run();
        };
        if (told == null) {
            release.run();
        } else {
            told.close(release);
        }
    }
}

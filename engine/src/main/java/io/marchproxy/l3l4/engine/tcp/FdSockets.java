package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import io.marchproxy.l3l4.stages.packet.Ipv6View;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;

/** Sockets by system calls, whose readiness the shard's epoll or io_uring tells. */
final class FdSockets implements StreamSockets {
    /** Room for a socket address of either family. */
    static final int ADDRESS_BYTES = 32;

    /** An IP header with its options or extensions, and a TCP header, at the most. */
    private static final int SYN_BYTES = 512;

    private static final int ON = 1;
    private static final int OFF = 0;
    private static final int KIND = SocketLayout.SOCK_STREAM | SocketLayout.SOCK_NONBLOCK | SocketLayout.SOCK_CLOEXEC;

    private final EventLoop loop;
    private final TransportKind transport;
    private final OpenSockets open;
    private final SocketCalls sockets;
    private final StreamCalls streams;
    private final MemorySegment scratch = Arena.ofAuto().allocate(Math.max(ADDRESS_BYTES, SYN_BYTES), Long.BYTES);

    FdSockets(EventLoop loop, TransportKind transport, OpenSockets open, SocketCalls sockets, StreamCalls streams) {
        this.loop = loop;
        this.transport = transport;
        this.open = open;
        this.sockets = sockets;
        this.streams = streams;
    }

    @Override
    public ListeningSocket listening(InetSocketAddress address, int backlog) throws SystemCallException {
        SocketCalls calls = new SocketCalls();
        boolean isSix = address.getAddress() instanceof Inet6Address;
        int fd = create(calls, isSix);
        try (Arena arena = Arena.ofConfined()) {
            option(calls, fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_REUSEADDR, ON);
            option(calls, fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_REUSEPORT, ON);
            if (isSix) {
                boolean isDual = address.getAddress().isAnyLocalAddress();
                option(calls, fd, SocketLayout.SOL_IPV6, SocketLayout.IPV6_V6ONLY, isDual ? OFF : ON);
            }
            // Where that is refused, nobody knows with which code points clients come.
            calls.setOption(fd, SocketLayout.SOL_TCP, SocketLayout.TCP_SAVE_SYN, ON);
            long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
            check("bind", calls.bind(fd, at, SocketAddresses.write(at, address)));
            check("listen", new StreamCalls().listen(fd, backlog));
            check("getsockname", calls.socketName(fd, at, ADDRESS_BYTES));
            return new FdListeningSocket(this, fd, isSix, SocketAddresses.read(at));
        } catch (SystemCallException e) {
            calls.close(fd);
            throw e;
        }
    }

    @Override
    public StreamSocket toBackend(InetSocketAddress address) throws SystemCallException {
        boolean isSix = address.getAddress() instanceof Inet6Address;
        return new FdStreamSocket(this, create(sockets, isSix), isSix, address, 0);
    }

    SocketCalls sockets() {
        return sockets;
    }

    StreamCalls streams() {
        return streams;
    }

    OpenSockets open() {
        return open;
    }

    /** Where an address is put for a call; {@link #ADDRESS_BYTES} long. */
    long scratch() {
        return scratch.address();
    }

    FdReadiness watch(int fd, FdReadiness.Watcher watcher) throws IOException {
        return FdReadiness.watch(loop, transport, fd, watcher);
    }

    /**
     * The code point that the client of an accepted socket began with; 0 where it is not known. The kernel has kept the headers of
     * the SYN (tcp(7), TCP_SAVED_SYN), and lets go of them when they are read.
     */
    int dscpOfSyn(int fd) {
        int length = sockets.getOption(fd, SocketLayout.SOL_TCP, SocketLayout.TCP_SAVED_SYN, scratch(), SYN_BYTES);
        if (length < Ipv4View.LEAST_HEADER_BYTES) {
            return 0;
        }
        boolean isFour = Memory.getByte(scratch()) >>> 4 == 4;
        return isFour
                ? new Ipv4View().wrap(scratch()).dscp()
                : new Ipv6View().wrap(scratch()).dscp();
    }

    /** The socket's own address. */
    InetSocketAddress localAddress(int fd) {
        int result = sockets.socketName(fd, scratch(), ADDRESS_BYTES);
        return result < 0 ? new InetSocketAddress(0) : SocketAddresses.read(scratch());
    }

    private static int create(SocketCalls calls, boolean isSix) throws SystemCallException {
        return check("socket", calls.socket(isSix ? SocketLayout.AF_INET6 : SocketLayout.AF_INET, KIND, 0));
    }

    private static void option(SocketCalls calls, int fd, int level, int option, int value) throws SystemCallException {
        check("setting option " + level + "/" + option, calls.setOption(fd, level, option, value));
    }

    private static int check(String what, int result) throws SystemCallException {
        return SystemCallException.check(what, result);
    }
}

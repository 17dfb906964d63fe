package io.marchproxy.l3l4.bench.peers.load;

import static io.marchproxy.l3l4.engine.sys.SystemCallException.check;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** UDP sockets on loopback, closed together. One thread uses them. */
final class Sockets implements AutoCloseable {
    private static final int BUFFER_BYTES = 4 << 20;

    private final SocketCalls calls = new SocketCalls();
    private final Arena arena;
    private final List<Integer> open = new ArrayList<>();

    Sockets(Arena arena) {
        this.arena = arena;
    }

    SocketCalls calls() {
        return calls;
    }

    /** A socket that sends to a port. Each has a port of its own, and so is a flow. */
    int connected(int port) throws SystemCallException {
        int fd = create();
        long at = arena.allocate(SocketLayout.SOCKADDR_IN_SIZE, 8).address();
        check("connecting to udp port " + port, calls.connect(fd, at, write(at, port)));
        return fd;
    }

    /** A socket that receives on a port. */
    int bound(int port) throws SystemCallException {
        int fd = create();
        long at = arena.allocate(SocketLayout.SOCKADDR_IN_SIZE, 8).address();
        check("binding udp port " + port, calls.bind(fd, at, write(at, port)));
        return fd;
    }

    /** Switches UDP_GRO or UDP_SEGMENT on. */
    void udpOption(int fd, int option, int value) throws SystemCallException {
        check("a UDP option", calls.setOption(fd, SocketLayout.SOL_UDP, option, value));
    }

    /**
     * Sends what headers describe.
     *
     * @return messages that the kernel took; none when a receiver on this machine refused an earlier one
     */
    int send(int fd, Headers headers) throws SystemCallException {
        int sent = calls.sendMany(fd, headers.address(), headers.count(), 0);
        return sent == -Errno.ECONNREFUSED ? 0 : check("sending", sent);
    }

    /** Receives what is there, and answers how many messages: 0 if nothing is. */
    int receive(int fd, Headers headers) throws SystemCallException {
        int received = calls.receiveMany(fd, headers.address(), headers.count(), SocketLayout.MSG_DONTWAIT);
        return received == -Errno.EAGAIN ? 0 : check("receiving", received);
    }

    @Override
    public void close() {
        open.forEach(calls::close);
        open.clear();
    }

    private int create() throws SystemCallException {
        int fd = check(
                "opening a UDP socket",
                calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_CLOEXEC, 0));
        open.add(fd);
        calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_RCVBUF, BUFFER_BYTES);
        calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_SNDBUF, BUFFER_BYTES);
        return fd;
    }

    private static int write(long at, int port) {
        return SocketAddresses.write(at, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
}

package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A socket by system calls, whose readiness the shard's epoll or io_uring tells. */
final class NativeUdpSocket extends UdpSocket {
    private static final int ON = 1;
    private static final int OFF = 0;
    private static final int ADDRESS_BYTES = 32;

    private final ShardContext shard;
    private final NativeReceiver receiver;
    private final OpenSockets open;
    private final int fd;
    private final boolean isSix;
    private final boolean isWildcard;
    private final InetSocketAddress address;
    private @Nullable DatagramHandler handler;
    private @Nullable FdReadiness readiness;
    private boolean isPutOff;
    private boolean isClosed;
    private boolean isReleased;

    NativeUdpSocket(
            ShardContext shard,
            NativeReceiver receiver,
            OpenSockets open,
            int fd,
            boolean isSix,
            InetSocketAddress address) {
        this.shard = shard;
        this.receiver = receiver;
        this.open = open;
        this.fd = fd;
        this.isSix = isSix;
        this.isWildcard = address.getAddress().isAnyLocalAddress();
        this.address = address;
        open.add(this);
    }

    int fd() {
        return fd;
    }

    /** Whether addresses are written as IPv6 ones. */
    boolean isSix() {
        return isSix;
    }

    /** Whether the kernel must be told which of this machine's addresses a datagram leaves from. */
    boolean isWildcard() {
        return isWildcard;
    }

    @Override
    InetSocketAddress address() {
        return address;
    }

    @Override
    void read(DatagramHandler reader) throws IOException {
        if (!isClosed) {
            handler = reader;
            readiness = FdReadiness.register(shard.loop(), shard.transport(), fd, this::ready);
        }
    }

    /** Reads what is there, up to a turn's share. A batch that was not filled emptied the socket. */
    private void ready(boolean hasError) {
        DatagramHandler reader = handler;
        FdReadiness source = readiness;
        if (reader == null || source == null) {
            return;
        }
        if (!receiver.hasRoom() && !isPutOff) {
            isPutOff = true;
            source.again();
            return;
        }
        isPutOff = false;
        boolean mayHaveMore = false;
        boolean mayHaveErrors = hasError;
        int left = receiver.readsPerTurn();
        do {
            int received = receiver.receive(fd);
            if (received > 0) {
                receiver.deliver(received, reader);
                left -= received;
            } else {
                left--;
                mayHaveErrors |= received != -Errno.EAGAIN && received != -Errno.EINTR;
            }
            mayHaveMore = received == DatagramReceiver.BATCH || (received < 0 && received != -Errno.EAGAIN);
        } while (mayHaveMore && left > 0 && !isClosed && receiver.hasRoom());
        if (mayHaveErrors && !isClosed) {
            mayHaveMore |= !receiver.drainErrors(fd, reader);
        }
        if (mayHaveMore && !isClosed) {
            source.again();
        }
    }

    @Override
    void deafen() {
        SocketCalls calls = new SocketCalls();
        try (Arena arena = Arena.ofConfined()) {
            long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
            int length = SocketAddresses.write(at, isWildcard ? loopback(address.getPort()) : address);
            calls.connect(fd, at, length);
        }
    }

    private InetSocketAddress loopback(int port) {
        try {
            byte[] bytes = new byte[isSix ? 16 : 4];
            bytes[0] = (byte) (isSix ? 0 : 127);
            bytes[bytes.length - 1] = 1;
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (IOException e) {
            throw new IllegalStateException("4 and 16 bytes are addresses", e);
        }
    }

    @Override
    void close() {
        if (!isClosed) {
            isClosed = true;
            FdReadiness source = readiness;
            if (source == null) {
                abandon();
            } else {
                source.close(this::abandon);
            }
        }
    }

    @Override
    void abandon() {
        if (!isReleased) {
            isReleased = true;
            isClosed = true;
            open.remove(this);
            new SocketCalls().close(fd);
        }
    }

    /** Opens sockets. One thread uses an instance. */
    static final class Factory implements UdpSocketFactory {
        private final ShardContext shard;
        private final NativeReceiver receiver;
        private final OpenSockets open;
        private final UdpOptions options;
        private final SocketCalls calls = new SocketCalls();

        Factory(ShardContext shard, NativeReceiver receiver, OpenSockets open, UdpOptions options) {
            this.shard = shard;
            this.receiver = receiver;
            this.open = open;
            this.options = options;
        }

        @Override
        public NativeUdpSocket bound(InetSocketAddress wanted) throws SystemCallException {
            boolean isSix = wanted.getAddress() instanceof Inet6Address;
            int fd = create(isSix);
            try (Arena arena = Arena.ofConfined()) {
                option(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_REUSEPORT, ON);
                askForBuffers(fd, options.receiveBufferBytes());
                if (isSix) {
                    boolean isDual = wanted.getAddress().isAnyLocalAddress();
                    option(fd, SocketLayout.SOL_IPV6, SocketLayout.IPV6_V6ONLY, isDual ? OFF : ON);
                    option(fd, SocketLayout.SOL_IPV6, SocketLayout.IPV6_RECVPKTINFO, ON);
                } else {
                    option(fd, SocketLayout.SOL_IP, SocketLayout.IP_PKTINFO, ON);
                }
                tellCodePoints(fd, isSix);
                long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
                check("binding udp " + text(wanted), calls.bind(fd, at, SocketAddresses.write(at, wanted)));
                check("getsockname", calls.socketName(fd, at, ADDRESS_BYTES));
                return new NativeUdpSocket(shard, receiver, open, fd, isSix, SocketAddresses.read(at));
            } catch (SystemCallException e) {
                calls.close(fd);
                throw e;
            }
        }

        @Override
        public NativeUdpSocket connected(InetSocketAddress backend) throws SystemCallException {
            boolean isSix = backend.getAddress() instanceof Inet6Address;
            int fd = create(isSix);
            try (Arena arena = Arena.ofConfined()) {
                askForBuffers(fd, options.sessionBufferBytes());
                if (isSix) {
                    option(fd, SocketLayout.SOL_IPV6, SocketLayout.IPV6_RECVERR, ON);
                } else {
                    option(fd, SocketLayout.SOL_IP, SocketLayout.IP_RECVERR, ON);
                }
                tellCodePoints(fd, isSix);
                long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
                check("connecting udp " + text(backend), calls.connect(fd, at, SocketAddresses.write(at, backend)));
                return new NativeUdpSocket(shard, receiver, open, fd, isSix, backend);
            } catch (SystemCallException e) {
                calls.close(fd);
                throw e;
            }
        }

        private int create(boolean isSix) throws SystemCallException {
            return check(
                    "opening a UDP socket",
                    calls.socket(
                            isSix ? SocketLayout.AF_INET6 : SocketLayout.AF_INET,
                            SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_NONBLOCK | SocketLayout.SOCK_CLOEXEC,
                            DatagramReceiver.UDP));
        }

        /** The kernel grants what its limits allow, which is no reason to fail. */
        private void askForBuffers(int fd, int bytes) {
            calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_RCVBUF, bytes);
            calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_SNDBUF, bytes);
        }

        /** An IPv6 socket tells both, since it may carry IPv4 as well. */
        private void tellCodePoints(int fd, boolean isSix) throws SystemCallException {
            option(fd, SocketLayout.SOL_IP, SocketLayout.IP_RECVTOS, ON);
            if (isSix) {
                option(fd, SocketLayout.SOL_IPV6, SocketLayout.IPV6_RECVTCLASS, ON);
            }
        }

        private void option(int fd, int level, int option, int value) throws SystemCallException {
            check("setting option " + level + "/" + option, calls.setOption(fd, level, option, value));
        }

        private static int check(String what, int result) throws SystemCallException {
            return SystemCallException.check(what, result);
        }

        private static String text(InetSocketAddress address) {
            String host = address.getAddress().getHostAddress();
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
        }
    }
}

package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A socket by system calls, read by whatever the shard's loop waits on. */
final class NativeUdpSocket extends UdpSocket {
    private static final int ON = 1;
    private static final int OFF = 0;
    private static final int ADDRESS_BYTES = 32;

    private final ShardContext shard;
    private final SocketReceiver receiver;
    private final OpenSockets open;
    private final int fd;
    private final boolean isSix;
    private final boolean isWildcard;
    private final InetSocketAddress address;
    private final Runnable tellReading = this::tellReading;
    private int segmentLimit;
    private @Nullable SocketReading reading;
    private boolean isClosed;
    private boolean isReleased;

    NativeUdpSocket(
            ShardContext shard,
            SocketReceiver receiver,
            OpenSockets open,
            int fd,
            boolean isSix,
            InetSocketAddress address,
            int segmentLimit) {
        this.segmentLimit = segmentLimit;
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

    /** The longest datagram that the kernel takes several of at once; 0 when it takes none. Egress thread. */
    int segmentLimit() {
        return segmentLimit;
    }

    /** The kernel refused to take several of a length at once, as when they would not fit the backend's path unfragmented. */
    void limitSegments(int bytes) {
        segmentLimit = bytes;
    }

    @Override
    void read(DatagramHandler reader) throws IOException {
        if (!isClosed) {
            reading = receiver.begin(this, reader);
        }
    }

    /** A send met an error of the socket. Egress thread. */
    void errorMet() {
        shard.loop().execute(tellReading);
    }

    private void tellReading() {
        SocketReading source = reading;
        if (source != null && !isClosed) {
            source.errorMet();
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
        close(this::abandon);
    }

    /** A closed descriptor's number is soon another's, who would get what is still sent. */
    @Override
    void closeAfter(CompletableFuture<Void> lastSent) {
        close(() -> lastSent.thenRunAsync(this::abandon, shard.loop()));
    }

    private void close(Runnable afterwards) {
        if (!isClosed) {
            isClosed = true;
            SocketReading source = reading;
            if (source == null) {
                afterwards.run();
            } else {
                source.close(afterwards);
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
        private final SocketReceiver receiver;
        private final OpenSockets open;
        private final UdpOptions options;
        private final SocketCalls calls = new SocketCalls();

        private final Offload offload;

        Factory(ShardContext shard, SocketReceiver receiver, OpenSockets open, UdpOptions options, Offload offload) {
            this.offload = offload;
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
                merge(fd);
                long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
                check("binding udp " + text(wanted), calls.bind(fd, at, SocketAddresses.write(at, wanted)));
                check("getsockname", calls.socketName(fd, at, ADDRESS_BYTES));
                return new NativeUdpSocket(shard, receiver, open, fd, isSix, SocketAddresses.read(at), segmentLimit());
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
                merge(fd);
                long at = arena.allocate(ADDRESS_BYTES, Long.BYTES).address();
                check("connecting udp " + text(backend), calls.connect(fd, at, SocketAddresses.write(at, backend)));
                return new NativeUdpSocket(shard, receiver, open, fd, isSix, backend, segmentLimit());
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

        /** Only where whoever reads takes the merged apart. */
        private void merge(int fd) throws SystemCallException {
            if (offload.merges() && receiver instanceof RingReceiver) {
                option(fd, SocketLayout.SOL_UDP, SocketLayout.UDP_GRO, ON);
            }
        }

        private int segmentLimit() {
            return offload.segments() ? NativeSendQueue.LONGEST_RUN_BYTES : 0;
        }

        private void option(int fd, int level, int option, int value) throws SystemCallException {
            check("setting option " + level + "/" + option, calls.setOption(fd, level, option, value));
        }

        private static int check(String what, int result) throws SystemCallException {
            return SystemCallException.check(what, result);
        }

        private static String text(InetSocketAddress address) {
            return HostPort.of(address).toString();
        }
    }
}

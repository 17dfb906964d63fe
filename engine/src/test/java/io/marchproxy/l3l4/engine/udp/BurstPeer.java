package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A client or backend that hands the kernel many datagrams at once, which come merged where the receiver takes them so. */
final class BurstPeer implements AutoCloseable {
    private static final int PART = 256;
    private static final int LONGEST = 1 << 16;
    private static final int BUFFER_BYTES = 4 << 20;

    private final SocketCalls calls = new SocketCalls();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(2 * PART + LONGEST, 8);
    private final long header = memory.address();
    private final long name = header + PART;
    private final long payload = name + PART;
    private final int fd;

    BurstPeer() throws IOException {
        fd = check(calls.socket(
                SocketLayout.AF_INET,
                SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_NONBLOCK | SocketLayout.SOCK_CLOEXEC,
                0));
        check(calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_SNDBUF, BUFFER_BYTES));
        check(calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_RCVBUF, BUFFER_BYTES));
        int length = SocketAddresses.write(name, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        check(calls.bind(fd, name, length));
    }

    int port() throws IOException {
        check(calls.socketName(fd, name, PART));
        return SocketAddresses.read(name).getPort();
    }

    /** Sends all bytes as datagrams of {@code segment} bytes, the last perhaps shorter, by one call. */
    void send(byte[] all, int segment, InetSocketAddress to) throws IOException {
        check(calls.setOption(fd, SocketLayout.SOL_UDP, SocketLayout.UDP_SEGMENT, segment));
        MemorySegment.copy(all, 0, memory, ValueLayout.JAVA_BYTE, 2L * PART, all.length);
        prepare(SocketAddresses.write(name, to), all.length);
        check(calls.sendMany(fd, header, 1, 0));
    }

    TestClient.Received receive() {
        prepare(PART, LONGEST);
        int length = Await.value(
                "a datagram",
                UdpRig.DEADLINE,
                () -> calls.receive(fd, header, SocketLayout.MSG_DONTWAIT),
                result -> result != -Errno.EAGAIN);
        return new TestClient.Received(
                memory.asSlice(2L * PART, length).toArray(ValueLayout.JAVA_BYTE), SocketAddresses.read(name));
    }

    private void prepare(int nameLength, int payloadLength) {
        Memory.zero(header, SocketLayout.MMSGHDR_SIZE);
        long iov = header + SocketLayout.MMSGHDR_SIZE;
        Memory.putLong(iov + SocketLayout.IOV_BASE, payload);
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, payloadLength);
        Memory.putLong(header + SocketLayout.MSG_NAME, name);
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, nameLength);
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
    }

    private static int check(int result) throws SystemCallException {
        return SystemCallException.check("a test's socket call", result);
    }

    @Override
    public void close() {
        calls.close(fd);
        arena.close();
    }
}

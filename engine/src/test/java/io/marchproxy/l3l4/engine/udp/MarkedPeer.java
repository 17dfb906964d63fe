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
import java.nio.charset.StandardCharsets;

/** A client or backend that sees the code points of what it receives, and sends with one. */
final class MarkedPeer implements AutoCloseable {
    private static final int BYTES = 256;

    private final SocketCalls calls = new SocketCalls();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(4 * BYTES, 8);
    private final long header = memory.address();
    private final long name = header + BYTES;
    private final long control = name + BYTES;
    private final long payload = control + BYTES;
    private final boolean isSix;
    private final int fd;

    /** What was received last. */
    record Marked(String text, int tos, InetSocketAddress from) {
        int dscp() {
            return tos >>> 2;
        }

        int ecn() {
            return tos & 3;
        }
    }

    MarkedPeer(String host, int dscp) throws IOException {
        isSix = host.indexOf(':') >= 0;
        fd = check(calls.socket(
                isSix ? SocketLayout.AF_INET6 : SocketLayout.AF_INET,
                SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_NONBLOCK | SocketLayout.SOCK_CLOEXEC,
                0));
        int level = isSix ? SocketLayout.SOL_IPV6 : SocketLayout.SOL_IP;
        check(calls.setOption(fd, level, isSix ? SocketLayout.IPV6_RECVTCLASS : SocketLayout.IP_RECVTOS, 1));
        tos(dscp << 2);
        int length = SocketAddresses.write(name, new InetSocketAddress(InetAddress.getByName(host), 0));
        check(calls.bind(fd, name, length));
    }

    /** Has what is sent from now on leave with a code point and ECN field. */
    void tos(int value) throws IOException {
        int level = isSix ? SocketLayout.SOL_IPV6 : SocketLayout.SOL_IP;
        check(calls.setOption(fd, level, isSix ? SocketLayout.IPV6_TCLASS : SocketLayout.IP_TOS, value));
    }

    InetSocketAddress address() throws IOException {
        check(calls.socketName(fd, name, BYTES));
        return SocketAddresses.read(name);
    }

    void send(String text, InetSocketAddress to) throws IOException {
        byte[] bytes = TestClient.bytes(text);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 3L * BYTES, bytes.length);
        prepare(SocketAddresses.write(name, to), bytes.length, 0);
        check(calls.sendMany(fd, header, 1, 0));
    }

    Marked receive() {
        prepare(BYTES, BYTES, BYTES);
        int length = Await.value(
                "a datagram",
                UdpRig.DEADLINE,
                () -> calls.receive(fd, header, SocketLayout.MSG_DONTWAIT),
                result -> result != -Errno.EAGAIN);
        byte[] bytes = memory.asSlice(3L * BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        int tos = Memory.getByte(control + SocketLayout.CMSG_DATA) & 0xff;
        return new Marked(new String(bytes, StandardCharsets.UTF_8), tos, SocketAddresses.read(name));
    }

    private void prepare(int nameLength, int payloadLength, int controlLength) {
        Memory.zero(header, SocketLayout.MMSGHDR_SIZE);
        long iov = header + SocketLayout.MMSGHDR_SIZE;
        Memory.putLong(iov + SocketLayout.IOV_BASE, payload);
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, payloadLength);
        Memory.putLong(header + SocketLayout.MSG_NAME, name);
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, nameLength);
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
        Memory.putLong(header + SocketLayout.MSG_CONTROL, control);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, controlLength);
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

package io.marchproxy.l3l4.engine.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Layouts are the kernel's: pinned here, and used against real sockets. */
class SocketLayoutTest {
    private final SocketCalls calls = new SocketCalls();
    private final MemorySegment memory = Arena.ofAuto().allocate(1024, 8);
    private final long at = memory.address();

    @Test
    void shouldLayStructuresOutAsTheKernelDoes() {
        assertEquals(16, SocketLayout.IOVEC_SIZE);
        assertEquals(64, SocketLayout.MMSGHDR_SIZE);
        assertEquals(56, SocketLayout.MMSG_BYTES);
        assertEquals(32, SocketLayout.MSG_CONTROL);
        assertEquals(40, SocketLayout.MSG_CONTROL_LENGTH);
        assertEquals(48, SocketLayout.MSG_FLAGS);
        assertEquals(20, SocketLayout.cmsgLength(Integer.BYTES));
        assertEquals(24, SocketLayout.cmsgSpace(Integer.BYTES));
        assertEquals(32, SocketLayout.cmsgSpace(SocketLayout.IN_PKTINFO_SIZE));
        assertEquals(40, SocketLayout.cmsgSpace(SocketLayout.IN6_PKTINFO_SIZE));
        assertEquals(16, SocketLayout.cmsgSpace(0));
    }

    @Test
    void shouldWriteAndReadAddressesOfBothFamilies() throws Exception {
        for (String host : new String[] {"192.0.2.1", "255.255.255.255", "2001:db8::1", "::"}) {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 65_000);
            int length = SocketAddresses.write(at, address);
            assertEquals(address.getAddress().getAddress().length == 4 ? 16 : 28, length);
            assertEquals(address, SocketAddresses.read(at));
        }
    }

    @Test
    void shouldKnowAnIpv4AddressInAnIpv6One() throws Exception {
        long low = SocketAddresses.low(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}));
        assertEquals(0xc000_0201L, low);
        assertTrue(SocketAddresses.isMapped(0, SocketAddresses.mapped(low)));
        assertFalse(SocketAddresses.isMapped(0, 1));
        assertFalse(SocketAddresses.isMapped(1, SocketAddresses.mapped(low)));
        assertEquals(0xffff_c000_0201L, SocketAddresses.mapped(low));
    }

    @Test
    void shouldSendAndReceiveThroughRealSockets() throws Exception {
        int receiver = open();
        int sender = open();
        int length = SocketAddresses.write(at, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        assertEquals(0, calls.bind(receiver, at, length));
        assertEquals(0, calls.socketName(receiver, at, 64));
        InetSocketAddress bound = SocketAddresses.read(at);
        assertEquals(InetAddress.getLoopbackAddress(), bound.getAddress());
        assertEquals(0, calls.connect(sender, at, length));

        long header = at + 64;
        long iov = header + SocketLayout.MMSGHDR_SIZE;
        long payload = iov + SocketLayout.IOVEC_SIZE;
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
        Memory.putLong(iov + SocketLayout.IOV_BASE, payload);
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, 5);
        MemorySegment.copy(MemorySegment.ofArray("hello".getBytes(StandardCharsets.UTF_8)), 0, memory, payload - at, 5);
        assertEquals(1, calls.sendMany(sender, header, 1, 0));
        assertEquals(5, Memory.getInt(header + SocketLayout.MMSG_BYTES));

        Memory.zero(payload, 5);
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, 100);
        assertEquals(1, calls.receiveMany(receiver, header, 1, 0));
        assertEquals(5, Memory.getInt(header + SocketLayout.MMSG_BYTES));
        assertEquals('h', Memory.getByte(payload));
        assertEquals(-Errno.EAGAIN, calls.receive(receiver, header, SocketLayout.MSG_DONTWAIT));
        assertEquals(0, calls.close(sender));
        assertEquals(0, calls.close(receiver));
        assertEquals(-Errno.EBADF, calls.close(receiver));
    }

    @Test
    void shouldSetAndReadOptions() {
        int fd = open();
        assertEquals(0, calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_REUSEPORT, 1));
        assertEquals(1, calls.getOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_REUSEPORT));
        assertEquals(0, calls.getOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_ERROR));
        assertEquals(-Errno.ENOPROTOOPT, calls.setOption(fd, SocketLayout.SOL_SOCKET, 9_999, 1));
        calls.close(fd);
    }

    @Test
    void shouldSayInWordsWhatFailed() {
        SystemCallException refusal =
                assertThrows(SystemCallException.class, () -> SystemCallException.check("binding", -Errno.EADDRINUSE));
        assertEquals(Errno.EADDRINUSE, refusal.errno());
        assertEquals("binding failed: EADDRINUSE (address already in use)", refusal.getMessage());
        assertEquals("error 9999", Errno.describe(9_999));
    }

    private int open() {
        int fd = calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM, 0);
        assertTrue(fd >= 0);
        return fd;
    }
}

package io.marchproxy.l3l4.engine.sys;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Reads and writes socket addresses. An address is two longs, as in a packet descriptor: an IPv4 address is the low one's
 * low 32 bits. In an IPv6 socket IPv4 addresses appear as {@code ::ffff:a.b.c.d} (RFC 4291, 2.5.5.2).
 */
public final class SocketAddresses {
    private static final long MAPPED = 0xffff_0000_0000L;
    private static final long LOW_32 = 0xffff_ffffL;

    private SocketAddresses() {}

    /** Whether an IPv6 address stands for an IPv4 one. */
    public static boolean isMapped(long high, long low) {
        return high == 0 && (low & ~LOW_32) == MAPPED;
    }

    /** The low 64 bits of the IPv6 address that stands for an IPv4 one. */
    public static long mapped(long address4) {
        return MAPPED | address4;
    }

    /** First 64 bits of an address; 0 for IPv4. */
    public static long high(InetAddress address) {
        return address instanceof Inet6Address
                ? ByteBuffer.wrap(address.getAddress()).getLong(0)
                : 0;
    }

    /** Last 64 bits of an address, or the 32 bits of an IPv4 address. */
    public static long low(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return address instanceof Inet6Address ? bytes.getLong(8) : bytes.getInt(0) & LOW_32;
    }

    /** Writes a sockaddr_in, and answers its size. */
    public static int write4(long at, long address4, int port) {
        Memory.putShort(at + SocketLayout.SOCKADDR_FAMILY, (short) SocketLayout.AF_INET);
        Memory.putShortBe(at + SocketLayout.SOCKADDR_PORT, (short) port);
        Memory.putIntBe(at + SocketLayout.SOCKADDR_IN_ADDRESS, (int) address4);
        Memory.putLong(at + SocketLayout.SOCKADDR_IN_ADDRESS + Integer.BYTES, 0);
        return SocketLayout.SOCKADDR_IN_SIZE;
    }

    /** Writes a sockaddr_in6, and answers its size. */
    public static int write6(long at, long high, long low, int port, int scope) {
        Memory.putShort(at + SocketLayout.SOCKADDR_FAMILY, (short) SocketLayout.AF_INET6);
        Memory.putShortBe(at + SocketLayout.SOCKADDR_PORT, (short) port);
        Memory.putInt(at + SocketLayout.SOCKADDR_IN6_FLOW_INFO, 0);
        Memory.putLongBe(at + SocketLayout.SOCKADDR_IN6_ADDRESS, high);
        Memory.putLongBe(at + SocketLayout.SOCKADDR_IN6_ADDRESS + Long.BYTES, low);
        Memory.putInt(at + SocketLayout.SOCKADDR_IN6_SCOPE, scope);
        return SocketLayout.SOCKADDR_IN6_SIZE;
    }

    /** Writes a resolved address in its own family, and answers its size. */
    public static int write(long at, InetSocketAddress address) {
        InetAddress host = address.getAddress();
        if (host instanceof Inet6Address six) {
            return write6(at, high(host), low(host), address.getPort(), six.getScopeId());
        }
        return write4(at, low(host), address.getPort());
    }

    /** Reads a sockaddr of either family. */
    public static InetSocketAddress read(long at) {
        int port = Short.toUnsignedInt(Memory.getShortBe(at + SocketLayout.SOCKADDR_PORT));
        boolean isSix = Memory.getShort(at + SocketLayout.SOCKADDR_FAMILY) == SocketLayout.AF_INET6;
        byte[] bytes = new byte[isSix ? 16 : 4];
        long from = at + (isSix ? SocketLayout.SOCKADDR_IN6_ADDRESS : SocketLayout.SOCKADDR_IN_ADDRESS);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Memory.getByte(from + i);
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 and 16 bytes are addresses", e);
        }
    }
}

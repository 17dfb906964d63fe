package io.marchproxy.l3l4.engine.sys;

/**
 * The structures that socket calls exchange, as 64-bit little-endian Linux (x86_64, aarch64) lays them out, and the numbers
 * of options and messages. Sources: socket.h, in.h, in6.h, errqueue.h, tcp.h, udp.h of the kernel's uapi.
 *
 * <pre>
 * iovec            0 base (8)        8 length (8)
 *
 * mmsghdr          0 name (8)        8 name length (4)   16 iov (8)     24 iov length (8)
 *                 32 control (8)    40 control length(8) 48 flags (4)   56 bytes received or sent (4)
 *
 * sockaddr_in      0 family (2)      2 port (2, net)      4 address (4, net)
 * sockaddr_in6     0 family (2)      2 port (2, net)      4 flow info (4)
 *                  8 address (16, net)                   24 scope (4)
 *
 * cmsghdr          0 length with header (8)               8 level (4)   12 type (4)   16 data, padded to 8
 *   in_pktinfo     0 interface (4)   4 local address (4, net)            8 header's destination (4, net)
 *   in6_pktinfo    0 address (16, net)                   16 interface (4)
 *   sock_extended_err
 *                  0 errno (4)       4 origin (1)   5 type (1)   6 code (1)   8 info (4)   12 data (4)
 * </pre>
 */
public final class SocketLayout {
    public static final int IOVEC_SIZE = 16;
    public static final int IOV_BASE = 0;
    public static final int IOV_LENGTH = 8;

    public static final int MMSGHDR_SIZE = 64;
    public static final int MSG_NAME = 0;
    public static final int MSG_NAME_LENGTH = 8;
    public static final int MSG_IOV = 16;
    public static final int MSG_IOV_LENGTH = 24;
    public static final int MSG_CONTROL = 32;
    public static final int MSG_CONTROL_LENGTH = 40;
    public static final int MSG_FLAGS = 48;
    public static final int MMSG_BYTES = 56;

    public static final int SOCKADDR_IN_SIZE = 16;
    public static final int SOCKADDR_IN6_SIZE = 28;
    public static final int SOCKADDR_FAMILY = 0;
    public static final int SOCKADDR_PORT = 2;
    public static final int SOCKADDR_IN_ADDRESS = 4;
    public static final int SOCKADDR_IN6_FLOW_INFO = 4;
    public static final int SOCKADDR_IN6_ADDRESS = 8;
    public static final int SOCKADDR_IN6_SCOPE = 24;

    public static final int CMSG_LENGTH = 0;
    public static final int CMSG_LEVEL = 8;
    public static final int CMSG_TYPE = 12;
    public static final int CMSG_DATA = 16;

    public static final int IN_PKTINFO_SIZE = 12;
    public static final int IN_PKTINFO_LOCAL = 4;
    public static final int IN6_PKTINFO_SIZE = 20;
    public static final int IN6_PKTINFO_ADDRESS = 0;

    public static final int EXTENDED_ERR_ERRNO = 0;
    public static final int EXTENDED_ERR_ORIGIN = 4;

    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_NONBLOCK = 0x800;
    public static final int SOCK_CLOEXEC = 0x80000;

    public static final int SOL_SOCKET = 1;
    public static final int SO_REUSEADDR = 2;
    public static final int SO_ERROR = 4;
    public static final int SO_SNDBUF = 7;
    public static final int SO_RCVBUF = 8;
    public static final int SO_LINGER = 13;
    public static final int SO_REUSEPORT = 15;

    public static final int SOL_IP = 0;
    public static final int IP_TOS = 1;
    public static final int IP_PKTINFO = 8;
    public static final int IP_RECVERR = 11;
    public static final int IP_RECVTOS = 13;

    public static final int SOL_IPV6 = 41;
    public static final int IPV6_RECVERR = 25;
    public static final int IPV6_V6ONLY = 26;
    public static final int IPV6_RECVPKTINFO = 49;
    public static final int IPV6_PKTINFO = 50;
    public static final int IPV6_RECVTCLASS = 66;
    public static final int IPV6_TCLASS = 67;

    public static final int SOL_TCP = 6;
    public static final int TCP_NODELAY = 1;
    public static final int TCP_SAVE_SYN = 27;
    public static final int TCP_SAVED_SYN = 28;

    public static final int SOL_UDP = 17;
    public static final int UDP_SEGMENT = 103;
    public static final int UDP_GRO = 104;

    public static final int MSG_TRUNC = 0x20;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int MSG_ERRQUEUE = 0x2000;
    public static final int MSG_NOSIGNAL = 0x4000;

    /** Origins of a sock_extended_err: this host itself, or a message of ICMP or ICMPv6. */
    public static final int ORIGIN_ICMP = 2;

    public static final int ORIGIN_ICMP6 = 3;

    private SocketLayout() {}

    /** What a control message with this much data says of its length. */
    public static long cmsgLength(int dataBytes) {
        return (long) CMSG_DATA + dataBytes;
    }

    /** The space that a control message with this much data takes. */
    public static int cmsgSpace(int dataBytes) {
        return CMSG_DATA + (dataBytes + 7 & ~7);
    }
}

package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;

/** Reads what the kernel tells of a received datagram besides its payload: the sender's address, and control messages. */
final class HeaderReader {
    private HeaderReader() {}

    /** Fills in the source. */
    static void name(long name, Datagram datagram) {
        datagram.sourcePort = Short.toUnsignedInt(Memory.getShortBe(name + SocketLayout.SOCKADDR_PORT));
        if (Memory.getShort(name + SocketLayout.SOCKADDR_FAMILY) == SocketLayout.AF_INET) {
            source4(datagram, Memory.getIntBe(name + SocketLayout.SOCKADDR_IN_ADDRESS));
            return;
        }
        long high = Memory.getLongBe(name + SocketLayout.SOCKADDR_IN6_ADDRESS);
        long low = Memory.getLongBe(name + SocketLayout.SOCKADDR_IN6_ADDRESS + Long.BYTES);
        if (SocketAddresses.isMapped(high, low)) {
            source4(datagram, (int) low);
        } else {
            datagram.ipVersion = 6;
            datagram.sourceHigh = high;
            datagram.sourceLow = low;
            datagram.sourceScope = Memory.getInt(name + SocketLayout.SOCKADDR_IN6_SCOPE);
        }
    }

    private static void source4(Datagram datagram, int address) {
        datagram.ipVersion = 4;
        datagram.sourceHigh = 0;
        datagram.sourceLow = Integer.toUnsignedLong(address);
        datagram.sourceScope = 0;
    }

    /** Fills in destination, code point and ECN field, and the length of merged datagrams. */
    static void control(long control, long length, Datagram datagram) {
        datagram.tos = 0;
        datagram.destinationHigh = 0;
        datagram.destinationLow = 0;
        datagram.segmentBytes = 0;
        long end = control + length;
        long at = control;
        while (at + SocketLayout.CMSG_DATA < end) {
            int level = Memory.getInt(at + SocketLayout.CMSG_LEVEL);
            int type = Memory.getInt(at + SocketLayout.CMSG_TYPE);
            message(level, type, at + SocketLayout.CMSG_DATA, datagram);
            at += Memory.getLong(at + SocketLayout.CMSG_LENGTH) + 7 & ~7L;
        }
    }

    private static void message(int level, int type, long data, Datagram datagram) {
        if (level == SocketLayout.SOL_IP) {
            if (type == SocketLayout.IP_PKTINFO) {
                datagram.destinationLow = Integer.toUnsignedLong(Memory.getIntBe(data + SocketLayout.IN_PKTINFO_LOCAL));
            } else if (type == SocketLayout.IP_TOS) {
                datagram.tos = Byte.toUnsignedInt(Memory.getByte(data));
            }
        } else if (level == SocketLayout.SOL_IPV6) {
            if (type == SocketLayout.IPV6_PKTINFO) {
                long high = Memory.getLongBe(data);
                long low = Memory.getLongBe(data + Long.BYTES);
                boolean isMapped = SocketAddresses.isMapped(high, low);
                datagram.destinationHigh = high;
                datagram.destinationLow = isMapped ? (int) low & 0xffff_ffffL : low;
            } else if (type == SocketLayout.IPV6_TCLASS) {
                datagram.tos = Memory.getInt(data) & 0xff;
            }
        } else if (level == SocketLayout.SOL_UDP && type == SocketLayout.UDP_GRO) {
            datagram.segmentBytes = Memory.getInt(data);
        }
    }
}

package io.marchproxy.l3l4.stages.mark;

import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.InternetChecksum;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import io.marchproxy.l3l4.stages.packet.Ipv6View;
import io.marchproxy.l3l4.stages.packet.Memory;

/**
 * Changes an IP header in place, and keeps an IPv4 header's checksum right by incremental update (RFC 1624): a wrong
 * checksum stays wrong, so that no damage is hidden. IPv6 headers have none. The caller has parsed the packet.
 */
public final class HeaderRewrite {
    private static final int DSCP_SHIFT = 2;
    private static final int IPV6_CLASS_SHIFT = 20;
    private static final int IPV6_CLASS_MASK = 0xff << IPV6_CLASS_SHIFT;

    private HeaderRewrite() {}

    /**
     * Sets the code point (RFC 2474), and leaves the ECN field as it is.
     *
     * @param header where the IP header begins
     * @param dscp 0 to 63
     */
    public static void setDscp(long header, int dscp) {
        setTrafficClass(header, (dscp << DSCP_SHIFT) | (trafficClass(header) & Ecn.MASK));
    }

    /**
     * Sets the ECN field, and leaves the code point as it is.
     *
     * @param header where the IP header begins
     * @param ecn 0 to 3
     */
    public static void setEcn(long header, int ecn) {
        setTrafficClass(header, (trafficClass(header) & ~Ecn.MASK) | ecn);
    }

    /**
     * Says "congestion experienced" to a receiver that can be told.
     *
     * @return false, with nothing changed, when the packet's ends don't use ECN
     */
    public static boolean markCongestion(long header) {
        if ((trafficClass(header) & Ecn.MASK) == 0) {
            return false;
        }
        setEcn(header, Ecn.CONGESTION_EXPERIENCED);
        return true;
    }

    /**
     * Takes one off the time to live or hop limit, as every router does.
     *
     * @return false, with nothing changed, when none is left: the packet must not go on
     */
    public static boolean decrementTtl(long header) {
        boolean isV4 = isV4(header);
        long field = header + (isV4 ? Ipv4View.TTL : Ipv6View.HOP_LIMIT);
        int ttl = Byte.toUnsignedInt(Memory.getByte(field));
        if (ttl <= 1) {
            return false;
        }
        if (isV4) {
            putIpv4Word(header, Ipv4View.TTL, word(header, Ipv4View.TTL) - (1 << Byte.SIZE));
        } else {
            Memory.putByte(field, (byte) (ttl - 1));
        }
        return true;
    }

    private static int trafficClass(long header) {
        return isV4(header)
                ? Byte.toUnsignedInt(Memory.getByte(header + Ipv4View.TOS))
                : (Memory.getIntBe(header) & IPV6_CLASS_MASK) >>> IPV6_CLASS_SHIFT;
    }

    private static void setTrafficClass(long header, int value) {
        if (isV4(header)) {
            putIpv4Word(header, Ipv4View.VERSION_IHL, (word(header, Ipv4View.VERSION_IHL) & 0xff00) | value);
        } else {
            Memory.putIntBe(header, (Memory.getIntBe(header) & ~IPV6_CLASS_MASK) | (value << IPV6_CLASS_SHIFT));
        }
    }

    private static boolean isV4(long header) {
        return (Memory.getByte(header) & 0xf0) == 0x40;
    }

    private static int word(long header, int offset) {
        return Short.toUnsignedInt(Memory.getShortBe(header + offset));
    }

    private static void putIpv4Word(long header, int offset, int after) {
        int before = word(header, offset);
        int checksum = word(header, Ipv4View.CHECKSUM);
        Memory.putShortBe(header + offset, (short) after);
        Memory.putShortBe(header + Ipv4View.CHECKSUM, (short) InternetChecksum.update(checksum, before, after));
    }
}

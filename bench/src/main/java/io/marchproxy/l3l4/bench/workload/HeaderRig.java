package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.mark.HeaderRewrite;
import io.marchproxy.l3l4.stages.packet.InternetChecksum;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.ParseResult;
import java.lang.foreign.Arena;

/** Work on real headers: 64 IPv4 datagrams and 64 IPv6 segments, an odd number of cache lines apart, so that they share the
 * nearest cache without crowding each other out. */
public final class HeaderRig {
    private static final int STRIDE = 1_600;
    private static final int V4_HEADER = 20;
    private static final int V6_HEADER = 40;
    private static final int UDP_HEADER = 8;
    private static final int TCP_HEADER = 20;
    private static final int LARGE_BYTES = 1_500;

    private final long[] v4 = new long[Workload.BATCH];
    private final long[] v6 = new long[Workload.BATCH];
    private final IpPacket view = new IpPacket();
    private int dscp;

    /** Makes the packets. */
    public HeaderRig(Arena arena) {
        long memory = arena.allocate(2L * Workload.BATCH * STRIDE, 64).address();
        for (int i = 0; i < Workload.BATCH; i++) {
            v4[i] = memory + (long) i * STRIDE;
            v6[i] = memory + (long) (Workload.BATCH + i) * STRIDE;
            writeUdp4(v4[i], i);
            writeTcp6(v6[i], i);
        }
    }

    private static void writeUdp4(long at, int i) {
        Memory.putShortBe(at, (short) 0x4500);
        Memory.putShortBe(at + Ipv4View.TOTAL_LENGTH, (short) LARGE_BYTES);
        Memory.putByte(at + Ipv4View.TTL, (byte) 64);
        Memory.putByte(at + Ipv4View.PROTOCOL, (byte) IpPacket.UDP);
        Memory.putIntBe(at + Ipv4View.SOURCE, 0x0a00_0000 + i);
        Memory.putIntBe(at + Ipv4View.DESTINATION, 0x7f00_0001);
        Memory.putShortBe(at + Ipv4View.CHECKSUM, (short) InternetChecksum.of(at, V4_HEADER));
        Memory.putShortBe(at + V4_HEADER, (short) 1024);
        Memory.putShortBe(at + V4_HEADER + 2, (short) 53);
        Memory.putShortBe(at + V4_HEADER + 4, (short) (LARGE_BYTES - V4_HEADER));
        for (int offset = V4_HEADER + UDP_HEADER; offset < LARGE_BYTES; offset += Integer.BYTES) {
            Memory.putInt(at + offset, i * offset);
        }
        // The whole datagram then adds up to a right checksum of its own, in the UDP checksum's place.
        Memory.putShortBe(at + V4_HEADER + 6, (short) InternetChecksum.of(at, LARGE_BYTES));
    }

    private static void writeTcp6(long at, int i) {
        Memory.putIntBe(at, 0x6000_0000);
        Memory.putShortBe(at + 4, (short) (TCP_HEADER + i));
        Memory.putByte(at + 6, (byte) IpPacket.TCP);
        Memory.putByte(at + 7, (byte) 64);
        Memory.putByte(at + V6_HEADER + 12, (byte) 0x50);
    }

    /** Parses IPv4 and UDP headers. */
    public int parseUdp4() {
        int parsed = 0;
        for (long packet : v4) {
            parsed += view.parse(packet, LARGE_BYTES) == ParseResult.OK && view.destinationPort() == 53 ? 1 : 0;
        }
        return parsed;
    }

    /** Parses IPv6 and TCP headers. */
    public int parseTcp6() {
        int parsed = 0;
        for (long packet : v6) {
            parsed += view.parse(packet, STRIDE) == ParseResult.OK && view.protocol() == IpPacket.TCP ? 1 : 0;
        }
        return parsed;
    }

    /** Checks an IPv4 header's checksum over its 20 bytes. */
    public int checksumHeader() {
        return countRight(V4_HEADER);
    }

    /** Checks a checksum over 1,500 bytes. */
    public int checksumLarge() {
        return countRight(LARGE_BYTES);
    }

    private int countRight(int bytes) {
        int right = 0;
        for (long packet : v4) {
            right += InternetChecksum.of(packet, bytes) == 0 ? 1 : 0;
        }
        return right;
    }

    /** The same as {@link #checksumLarge}, two bytes at a time as RFC 1071 writes it down: the baseline. */
    public int checksumLargeByWords() {
        int right = 0;
        for (long packet : v4) {
            long sum = 0;
            for (int i = 0; i < LARGE_BYTES; i += Short.BYTES) {
                sum += Short.toUnsignedLong(Memory.getShortBe(packet + i));
            }
            right += InternetChecksum.finish(sum) == 0 ? 1 : 0;
        }
        return right;
    }

    /** Sets another code point in an IPv4 header, its checksum kept right by incremental update (RFC 1624). */
    public int rewriteIncrementally() {
        dscp = (dscp + 1) & 0x3f;
        int changed = 0;
        for (long packet : v4) {
            HeaderRewrite.setDscp(packet, dscp);
            changed += Memory.getByte(packet + Ipv4View.TOS) == (byte) (dscp << 2) ? 1 : 0;
        }
        return changed;
    }

    /** The same by a new checksum over the whole header: the baseline. */
    public int rewriteFully() {
        dscp = (dscp + 1) & 0x3f;
        int changed = 0;
        for (long packet : v4) {
            Memory.putByte(packet + Ipv4View.TOS, (byte) (dscp << 2));
            Memory.putShortBe(packet + Ipv4View.CHECKSUM, (short) 0);
            Memory.putShortBe(packet + Ipv4View.CHECKSUM, (short) InternetChecksum.of(packet, V4_HEADER));
            changed += Memory.getByte(packet + Ipv4View.TOS) == (byte) (dscp << 2) ? 1 : 0;
        }
        return changed;
    }
}

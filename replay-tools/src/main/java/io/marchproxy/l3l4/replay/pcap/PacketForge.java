package io.marchproxy.l3l4.replay.pcap;

import io.marchproxy.l3l4.stages.mark.HeaderRewrite;
import io.marchproxy.l3l4.stages.packet.InternetChecksum;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import io.marchproxy.l3l4.stages.packet.Ipv6View;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.packet.UdpView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Makes the headers of packets of which only a description was recorded. Lengths and checksums are right; bytes that are not
 * known count as zeros, and the capture says that they were not captured. One thread.
 */
public final class PacketForge {
    /** A stream's bytes go into segments of at most so many, so that one fits into an IP packet of either version. */
    public static final int LONGEST_SEGMENT_BYTES = 65_535 - Ipv6View.HEADER_BYTES - TcpView.LEAST_HEADER_BYTES;

    /** How far windows are scaled (RFC 7323): the most, so that none is ever full; what the real one was is not known. */
    public static final int WINDOW_SHIFT = 14;

    private static final int WINDOW = 0xffff;
    private static final int TTL = 64;
    private static final int VERSION_4_WITHOUT_OPTIONS = 0x4500;
    private static final int VERSION_6 = 0x6000_0000;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int TOS_SHIFT_V6 = 20;

    /** Maximum segment size, then no-operation and the window's scale (RFC 9293, RFC 7323). */
    private static final long SYN_OPTIONS =
            0x0204_0000_0103_0300L | ((long) LONGEST_SEGMENT_BYTES << 32) | WINDOW_SHIFT;

    /** The extension header's number (RFC 8200). */
    private static final int FRAGMENT_HEADER = 44;

    private static final int MOST_BYTES = 1 << 17;

    private final MemorySegment memory = Arena.ofAuto().allocate(MOST_BYTES, Long.BYTES);
    private final long begin = memory.address();
    private long transport;
    private int ipBytes;
    private int headerBytes;
    private int identification;

    /** A forge. */
    public PacketForge() {}

    /**
     * Who sends to whom.
     *
     * @param ipVersion 4 or 6
     * @param protocol IP protocol number
     * @param tos code point and ECN field
     */
    public record Ends(
            int ipVersion,
            int protocol,
            long sourceHigh,
            long sourceLow,
            int sourcePort,
            long destinationHigh,
            long destinationLow,
            int destinationPort,
            int tos) {
        /** The way back. */
        public Ends reversed() {
            return new Ends(
                    ipVersion,
                    protocol,
                    destinationHigh,
                    destinationLow,
                    destinationPort,
                    sourceHigh,
                    sourceLow,
                    sourcePort,
                    tos);
        }

        /** With code point and ECN field of one packet. */
        public Ends withTos(int value) {
            return new Ends(
                    ipVersion,
                    protocol,
                    sourceHigh,
                    sourceLow,
                    sourcePort,
                    destinationHigh,
                    destinationLow,
                    destinationPort,
                    value);
        }
    }

    /**
     * A UDP datagram.
     *
     * @param payloadBytes how many it carries
     * @param known the first of them
     */
    public byte[] udp(Ends ends, int payloadBytes, byte[] known) {
        headerBytes = UdpView.HEADER_BYTES;
        header(ends, headerBytes + payloadBytes);
        ports(ends);
        Memory.putShortBe(transport + UdpView.LENGTH, (short) (headerBytes + payloadBytes));
        Memory.putShortBe(transport + UdpView.CHECKSUM, (short) 0);
        int checksum = checksum(ends, headerBytes + payloadBytes, known);
        // A sum of 0 is written as its other form, since 0 says that there is none (RFC 768).
        Memory.putShortBe(transport + UdpView.CHECKSUM, (short) (checksum == 0 ? 0xffff : checksum));
        return bytes(known.length);
    }

    /** A TCP segment without options, but those of a SYN. */
    public byte[] tcp(Ends ends, int sequence, int acknowledgment, int flags, int payloadBytes, byte[] known) {
        boolean isSyn = (flags & TcpView.SYN) != 0;
        headerBytes = TcpView.LEAST_HEADER_BYTES + (isSyn ? Long.BYTES : 0);
        header(ends, headerBytes + payloadBytes);
        ports(ends);
        Memory.putIntBe(transport + TcpView.SEQUENCE, sequence);
        Memory.putIntBe(transport + TcpView.ACKNOWLEDGMENT, (flags & TcpView.ACK) == 0 ? 0 : acknowledgment);
        Memory.putByte(transport + TcpView.DATA_OFFSET, (byte) ((headerBytes / Integer.BYTES) << 4));
        Memory.putByte(transport + TcpView.FLAGS, (byte) flags);
        Memory.putShortBe(transport + TcpView.WINDOW, (short) WINDOW);
        Memory.putIntBe(transport + TcpView.CHECKSUM, 0);
        if (isSyn) {
            Memory.putLongBe(transport + TcpView.LEAST_HEADER_BYTES, SYN_OPTIONS);
        }
        Memory.putShortBe(transport + TcpView.CHECKSUM, (short) checksum(ends, headerBytes + payloadBytes, known));
        return bytes(known.length);
    }

    /** The IP header alone, of a packet whose content is not known. */
    public byte[] ip(Ends ends, int contentBytes) {
        headerBytes = 0;
        header(ends, contentBytes);
        return bytes(0);
    }

    /**
     * The headers of a fragment. Which one it is, and of which packet, is not known: it is shown as the last one of a packet of
     * its own.
     *
     * @param contentBytes what follows the IP header; for IPv6 with the fragment header
     */
    public byte[] fragment(Ends ends, int contentBytes) {
        headerBytes = 0;
        header(ends, contentBytes);
        if (ends.ipVersion() == 4) {
            Memory.putShortBe(begin + Ipv4View.FLAGS_OFFSET, (short) 1);
            Memory.putShortBe(begin + Ipv4View.CHECKSUM, (short) 0);
            Memory.putShortBe(begin + Ipv4View.CHECKSUM, (short) InternetChecksum.of(begin, ipBytes));
        } else {
            headerBytes = Long.BYTES;
            Memory.putByte(begin + Ipv6View.NEXT_HEADER, (byte) FRAGMENT_HEADER);
            Memory.putLongBe(
                    transport, ((long) ends.protocol() << 56) | (1L << 35) | (identification++ & 0xffff_ffffL));
        }
        return bytes(0);
    }

    /** How long an IP header is here. */
    public static int ipHeaderBytes(int ipVersion) {
        return ipVersion == 4 ? Ipv4View.LEAST_HEADER_BYTES : Ipv6View.HEADER_BYTES;
    }

    private void header(Ends ends, int contentBytes) {
        ipBytes = ipHeaderBytes(ends.ipVersion());
        transport = begin + ipBytes;
        if (ends.ipVersion() == 4) {
            Memory.putShortBe(begin, (short) (VERSION_4_WITHOUT_OPTIONS | ends.tos()));
            Memory.putShortBe(begin + Ipv4View.TOTAL_LENGTH, (short) (ipBytes + contentBytes));
            Memory.putShortBe(begin + Ipv4View.IDENTIFICATION, (short) identification++);
            Memory.putShortBe(begin + Ipv4View.FLAGS_OFFSET, (short) DONT_FRAGMENT);
            Memory.putByte(begin + Ipv4View.TTL, (byte) TTL);
            Memory.putByte(begin + Ipv4View.PROTOCOL, (byte) ends.protocol());
            Memory.putShortBe(begin + Ipv4View.CHECKSUM, (short) 0);
            Memory.putIntBe(begin + Ipv4View.SOURCE, (int) ends.sourceLow());
            Memory.putIntBe(begin + Ipv4View.DESTINATION, (int) ends.destinationLow());
            Memory.putShortBe(begin + Ipv4View.CHECKSUM, (short) InternetChecksum.of(begin, ipBytes));
        } else {
            Memory.putIntBe(begin, VERSION_6 | (ends.tos() << TOS_SHIFT_V6));
            Memory.putShortBe(begin + Ipv6View.PAYLOAD_LENGTH, (short) contentBytes);
            Memory.putByte(begin + Ipv6View.NEXT_HEADER, (byte) ends.protocol());
            Memory.putByte(begin + Ipv6View.HOP_LIMIT, (byte) TTL);
            Memory.putLongBe(begin + Ipv6View.SOURCE, ends.sourceHigh());
            Memory.putLongBe(begin + Ipv6View.SOURCE + Long.BYTES, ends.sourceLow());
            Memory.putLongBe(begin + Ipv6View.DESTINATION, ends.destinationHigh());
            Memory.putLongBe(begin + Ipv6View.DESTINATION + Long.BYTES, ends.destinationLow());
        }
    }

    private void ports(Ends ends) {
        Memory.putShortBe(transport, (short) ends.sourcePort());
        Memory.putShortBe(transport + Short.BYTES, (short) ends.destinationPort());
    }

    /** The pseudo header of either version sums up to the same: zeros in a longer one add nothing. */
    private int checksum(Ends ends, int transportBytes, byte[] known) {
        MemorySegment.copy(known, 0, memory, ValueLayout.JAVA_BYTE, ipBytes + headerBytes, known.length);
        int addresses = ends.ipVersion() == 4 ? Ipv4View.SOURCE : Ipv6View.SOURCE;
        long sum = InternetChecksum.sum(begin + addresses, ipBytes - addresses) + ends.protocol() + transportBytes;
        return InternetChecksum.finish(sum + InternetChecksum.sum(transport, headerBytes + known.length));
    }

    private byte[] bytes(int known) {
        return memory.asSlice(0, ipBytes + headerBytes + known).toArray(ValueLayout.JAVA_BYTE);
    }

    /**
     * A packet with another code point, its checksum brought up to date; one without a whole IP header stays as it is.
     *
     * @param dscp 0 to 63, or {@link PacketDescriptor#DSCP_UNCHANGED}
     * @param isCongested whether it is marked CE as well
     */
    public byte[] marked(byte[] packet, int dscp, boolean isCongested) {
        int version = packet.length == 0 ? 0 : (packet[0] & 0xf0) >> 4;
        if ((version != 4 && version != 6) || packet.length < ipHeaderBytes(version)) {
            return packet;
        }
        MemorySegment.copy(packet, 0, memory, ValueLayout.JAVA_BYTE, 0, packet.length);
        if (dscp != PacketDescriptor.DSCP_UNCHANGED) {
            HeaderRewrite.setDscp(begin, dscp);
        }
        if (isCongested) {
            HeaderRewrite.markCongestion(begin);
        }
        return memory.asSlice(0, packet.length).toArray(ValueLayout.JAVA_BYTE);
    }
}

package io.marchproxy.l3l4.bench.qos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what tcpdump wrote: a pcap file with times in ns and Ethernet frames of IPv4, of which the headers suffice.
 *
 * <pre>
 * file    0 magic 0xa1b23c4d (4)   …   20 link type (4)
 * packet  0 seconds (4)   4 ns (4)   8 captured bytes (4)   12 length (4)   16 frame
 * </pre>
 */
final class Capture {
    private static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
    private static final int LINK_ETHERNET = 1;
    private static final int FILE_HEADER = 24;
    private static final int LINK_AT = 20;
    private static final int PACKET_HEADER = 16;
    private static final int CAPTURED_AT = 8;
    private static final int ETHERNET = 14;
    private static final int IP_TOS = 1;
    private static final int ECN_BITS = 3;
    private static final int IP_TOTAL = 2;
    private static final int IP_PROTOCOL = 9;
    private static final int TCP = 6;
    private static final int TCP_OFFSET = 12;
    private static final int UDP_HEADER = 8;
    private static final long SECOND_NS = 1_000_000_000L;

    private Capture() {}

    /** What is done with a packet: IP header and payload begin at indices of the file's bytes; so much of the payload was captured. */
    private interface Visitor {
        void packet(WirePacket packet, int ipAt, int payloadAt, int capturedBytes);
    }

    /** The packets that carry something, in the order of time. */
    static List<WirePacket> read(Path file) throws IOException {
        List<WirePacket> packets = new ArrayList<>();
        read(map(file), file, (packet, ip, at, captured) -> packets.add(packet));
        packets.sort((one, other) -> Long.compare(one.atNs(), other.atNs()));
        return packets;
    }

    /** The datagrams that carry a stamp, in the order of time. */
    static List<Stamped> readStamped(Path file) throws IOException {
        List<Stamped> packets = new ArrayList<>();
        ByteBuffer bytes = map(file);
        ByteBuffer payloads = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
        read(bytes, file, (packet, ip, at, captured) -> {
            if (captured >= Stamped.STAMP_BYTES) {
                packets.add(new Stamped(
                        packet,
                        payloads.getInt(at),
                        payloads.getInt(at + Stamped.NUMBER_AT),
                        payloads.getLong(at + Stamped.SENT_AT),
                        payloads.get(ip + IP_TOS) & ECN_BITS));
            }
        });
        packets.sort(
                (one, other) -> Long.compare(one.packet().atNs(), other.packet().atNs()));
        return packets;
    }

    private static ByteBuffer map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
                    .order(ByteOrder.LITTLE_ENDIAN);
            if (bytes.remaining() < FILE_HEADER
                    || bytes.getInt(0) != MAGIC_NANOSECONDS
                    || bytes.getInt(LINK_AT) != LINK_ETHERNET) {
                throw new IOException(file + " is no capture of Ethernet frames with times in ns");
            }
            return bytes.position(FILE_HEADER);
        }
    }

    private static void read(ByteBuffer bytes, Path file, Visitor visitor) throws IOException {
        while (bytes.hasRemaining()) {
            if (bytes.remaining() < PACKET_HEADER
                    || bytes.remaining() < PACKET_HEADER + bytes.getInt(bytes.position() + CAPTURED_AT)) {
                throw new IOException(file + " is cut short");
            }
            long atNs = bytes.getInt() * SECOND_NS + bytes.getInt();
            int captured = bytes.getInt();
            bytes.getInt();
            int ip = bytes.position() + ETHERNET;
            int total = Short.toUnsignedInt(Short.reverseBytes(bytes.getShort(ip + IP_TOTAL)));
            int transport = (bytes.get(ip) & 0x0f) * Integer.BYTES;
            int header = bytes.get(ip + IP_PROTOCOL) == TCP
                    ? (bytes.get(ip + transport + TCP_OFFSET) >> 4 & 0x0f) * Integer.BYTES
                    : UDP_HEADER;
            int payload = total - transport - header;
            if (payload > 0) {
                int headers = ETHERNET + transport + header;
                visitor.packet(
                        new WirePacket(atNs, ETHERNET + total, payload),
                        ip,
                        bytes.position() + headers,
                        Math.min(payload, captured - headers));
            }
            bytes.position(bytes.position() + captured);
        }
    }
}

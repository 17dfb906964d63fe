package io.marchproxy.l3l4.replay.pcap;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Makes packets for captures, checksums right, independently of {@link PacketForge}. */
public final class Packets {
    private Packets() {}

    public static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }

    public static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer joined = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            joined.put(part);
        }
        return joined.array();
    }

    /** From 10.0.0.{@code from} to 10.0.0.{@code to}. */
    public static byte[] ipv4(int from, int to, int protocol, byte[] content) {
        return ipv4(from, to, protocol, 0, new byte[0], content);
    }

    /**
     * With a fragment field and options.
     *
     * @param fragment flags and offset as they stand in the header
     */
    public static byte[] ipv4(int from, int to, int protocol, int fragment, byte[] options, byte[] content) {
        int header = 20 + options.length;
        ByteBuffer packet = ByteBuffer.allocate(header + content.length);
        packet.put((byte) (0x40 | (header / 4))).put((byte) 0).putShort((short) packet.capacity());
        packet.putShort((short) 7)
                .putShort((short) fragment)
                .put((byte) 64)
                .put((byte) protocol)
                .putShort((short) 0);
        packet.put(new byte[] {10, 0, 0, (byte) from, 10, 0, 0, (byte) to})
                .put(options)
                .put(content);
        packet.putShort(10, (short) checksum(packet.array(), 0, header, 0));
        return packet.array();
    }

    /** From fd00::{@code from} to fd00::{@code to}. */
    public static byte[] ipv6(int from, int to, int nextHeader, byte[] content) {
        ByteBuffer packet = ByteBuffer.allocate(40 + content.length);
        packet.putInt(0x6000_0000)
                .putShort((short) content.length)
                .put((byte) nextHeader)
                .put((byte) 64);
        packet.putLong(0xfd00_0000_0000_0000L)
                .putLong(from)
                .putLong(0xfd00_0000_0000_0000L)
                .putLong(to)
                .put(content);
        return packet.array();
    }

    /** Without a checksum, which is one of IPv4's liberties. */
    public static byte[] udp(int from, int to, byte[] payload) {
        return ByteBuffer.allocate(8 + payload.length)
                .putShort((short) from)
                .putShort((short) to)
                .putShort((short) (8 + payload.length))
                .putShort((short) 0)
                .put(payload)
                .array();
    }

    public static byte[] tcp(int from, int to, int sequence, int flags, byte[] payload) {
        return ByteBuffer.allocate(20 + payload.length)
                .putShort((short) from)
                .putShort((short) to)
                .putInt(sequence)
                .putInt(1)
                .put((byte) 0x50)
                .put((byte) flags)
                .putShort((short) 8192)
                .putInt(0)
                .put(payload)
                .array();
    }

    public static byte[] ethernet(String tags, int type, byte[] content) {
        return join(hex("020000000001 020000000002" + tags), new byte[] {(byte) (type >> 8), (byte) type}, content);
    }

    public static byte[] ethernet(byte[] packet) {
        return ethernet("", packet[0] >> 4 == 6 ? 0x86dd : 0x0800, packet);
    }

    /** RFC 1071, word by word. */
    public static int checksum(byte[] bytes, int begin, int end, long start) {
        long sum = start;
        for (int i = begin; i < end; i += 2) {
            int low = i + 1 < end ? bytes[i + 1] & 0xff : 0;
            sum += ((bytes[i] & 0xff) << 8) | low;
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) ~sum & 0xffff;
    }
}

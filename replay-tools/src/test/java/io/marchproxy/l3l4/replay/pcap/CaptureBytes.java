package io.marchproxy.l3l4.replay.pcap;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes captures byte by byte, as the formats' descriptions have them, and not as our writers do. */
public final class CaptureBytes {
    public static final int ETHERNET = 1;
    public static final int RAW = 101;

    private final ByteOrder order;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** In a byte order. */
    public CaptureBytes(ByteOrder order) {
        this.order = order;
    }

    public static CaptureBytes littleEndian() {
        return new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(order);
    }

    private CaptureBytes add(ByteBuffer buffer) {
        bytes.writeBytes(all(buffer));
        return this;
    }

    private static byte[] all(ByteBuffer buffer) {
        byte[] all = new byte[buffer.capacity()];
        buffer.get(0, all);
        return all;
    }

    /** The header of a classic capture with times in µs. */
    public CaptureBytes pcap(int linkType) {
        return pcap(0xa1b2c3d4, linkType);
    }

    public CaptureBytes pcap(int magic, int linkType) {
        return add(buffer(24)
                .putInt(magic)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(262_144)
                .putInt(linkType));
    }

    /** A packet of a classic capture, all of it captured. */
    public CaptureBytes packet(long seconds, long fraction, byte[] packet) {
        return packet(seconds, fraction, packet, packet.length);
    }

    public CaptureBytes packet(long seconds, long fraction, byte[] packet, int original) {
        return add(buffer(16 + packet.length)
                .putInt((int) seconds)
                .putInt((int) fraction)
                .putInt(packet.length)
                .putInt(original)
                .put(packet));
    }

    /** A block of the newer format, padded. */
    public CaptureBytes block(int type, byte[] content) {
        int padded = (content.length + 3) & -4;
        int length = padded + 12;
        ByteBuffer block = buffer(length).putInt(type).putInt(length).put(content);
        block.putInt(length - 4, length);
        return add(block);
    }

    public CaptureBytes section() {
        return block(
                0x0a0d0d0a,
                all(buffer(16)
                        .putInt(0x1a2b3c4d)
                        .putShort((short) 1)
                        .putShort((short) 0)
                        .putLong(-1)));
    }

    /** An interface; options as {@link #option} makes them. */
    public CaptureBytes interfaceOf(int linkType, int snap, byte[]... options) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(
                all(buffer(8).putShort((short) linkType).putShort((short) 0).putInt(snap)));
        for (byte[] option : options) {
            content.writeBytes(option);
        }
        return block(1, content.toByteArray());
    }

    public byte[] option(int code, byte[] value) {
        int padded = (value.length + 3) & -4;
        return all(buffer(4 + padded)
                .putShort((short) code)
                .putShort((short) value.length)
                .put(value));
    }

    public byte[] resolution(int tsresol) {
        return option(9, new byte[] {(byte) tsresol});
    }

    public byte[] offset(long seconds) {
        return option(14, all(buffer(8).putLong(seconds)));
    }

    public CaptureBytes enhanced(int from, long units, byte[] packet, int original, byte[]... options) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        int padded = (packet.length + 3) & -4;
        content.writeBytes(all(buffer(20 + padded)
                .putInt(from)
                .putInt((int) (units >>> 32))
                .putInt((int) units)
                .putInt(packet.length)
                .putInt(original)
                .put(packet)));
        for (byte[] option : options) {
            content.writeBytes(option);
        }
        return block(6, content.toByteArray());
    }

    public CaptureBytes obsolete(int from, long units, byte[] packet) {
        return block(
                2,
                all(buffer(20 + packet.length)
                        .putShort((short) from)
                        .putShort((short) 0xffff)
                        .putInt((int) (units >>> 32))
                        .putInt((int) units)
                        .putInt(packet.length)
                        .putInt(packet.length)
                        .put(packet)));
    }

    public CaptureBytes simple(byte[] packet, int original) {
        return block(3, all(buffer(4 + packet.length).putInt(original).put(packet)));
    }

    public byte[] toArray() {
        return bytes.toByteArray();
    }
}

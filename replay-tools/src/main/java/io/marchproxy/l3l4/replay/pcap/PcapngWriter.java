package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The newer format, as {@link PcapngReader} reads it: one section with one interface, and a comment for each packet. One alone,
 * since libpcap 1.10 refuses a second of this link type (it compares 101 with what it calls the first one's).
 */
final class PcapngWriter extends CaptureWriter {
    private static final int SECTION_BYTES = 24;
    private static final int INTERFACE_BYTES = 16;
    private static final int PACKET_BYTES = 28;
    private static final int LENGTH_BYTES = 4;
    private static final int OPTION_BYTES = 4;
    private static final int COMMENT = 1;
    private static final int APPLICATION = 4;
    private static final int INTERFACE_NAME = 2;
    private static final byte[] NANOSECONDS = {9};

    /** Far more than a comment of ours has, and less than an option can. */
    private static final int LONGEST_TEXT = 4096;

    PcapngWriter(OutputStream out, String source, String program) throws IOException {
        super(out);
        byte[] application = text(program);
        int length = SECTION_BYTES + option(application) + OPTION_BYTES + LENGTH_BYTES;
        ByteBuffer block = begin(PcapngReader.SECTION, length);
        block.putInt(PcapngReader.BYTE_ORDER).putShort((short) 1).putShort((short) 0);
        // How long the section is nobody knows beforehand.
        block.putLong(-1);
        put(block, APPLICATION, application);
        block.putInt(0).putInt(length);
        describe(text(source));
    }

    private void describe(byte[] name) throws IOException {
        int length = INTERFACE_BYTES + option(name) + option(NANOSECONDS) + OPTION_BYTES + LENGTH_BYTES;
        ByteBuffer block = begin(PcapngReader.INTERFACE, length);
        block.putShort((short) LinkLayer.RAW).putShort((short) 0).putInt(CaptureReader.LONGEST_PACKET_BYTES);
        put(block, INTERFACE_NAME, name);
        put(block, PcapngReader.OPTION_RESOLUTION, NANOSECONDS);
        block.putInt(0).putInt(length);
    }

    @Override
    public void packet(long timeNs, byte[] bytes, int originalBytes, String comment) throws IOException {
        byte[] said = text(comment);
        int options = said.length == 0 ? 0 : option(said) + OPTION_BYTES;
        int length = PACKET_BYTES + padded(bytes.length) + options + LENGTH_BYTES;
        ByteBuffer block = begin(PcapngReader.ENHANCED_PACKET, length);
        block.putInt(0).putInt((int) (timeNs >>> Integer.SIZE)).putInt((int) timeNs);
        block.putInt(bytes.length).putInt(originalBytes);
        putPadded(block, bytes);
        if (options > 0) {
            put(block, COMMENT, said);
            block.putInt(0);
        }
        block.putInt(length);
    }

    private ByteBuffer begin(int type, int length) throws IOException {
        return room(length).putInt(type).putInt(length);
    }

    private static byte[] text(String text) {
        return cut(text.getBytes(StandardCharsets.UTF_8), LONGEST_TEXT);
    }

    private static int padded(int length) {
        return (length + 3) & -Integer.BYTES;
    }

    private static int option(byte[] value) {
        return OPTION_BYTES + padded(value.length);
    }

    private static void put(ByteBuffer block, int code, byte[] value) {
        block.putShort((short) code).putShort((short) value.length);
        putPadded(block, value);
    }

    private static void putPadded(ByteBuffer block, byte[] value) {
        block.put(value);
        for (int i = value.length; i < padded(value.length); i++) {
            block.put((byte) 0);
        }
    }
}

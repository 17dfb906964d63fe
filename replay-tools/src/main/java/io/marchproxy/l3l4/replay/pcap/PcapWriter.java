package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The classic format, as {@link PcapReader} reads it. */
final class PcapWriter extends CaptureWriter {
    private static final int PACKET_HEADER_BYTES = 16;
    private static final long SECOND_NS = 1_000_000_000L;

    PcapWriter(OutputStream out) throws IOException {
        super(out);
        room(PcapReader.HEADER_BYTES)
                .putInt(PcapReader.NANOSECONDS)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(CaptureReader.LONGEST_PACKET_BYTES)
                .putInt(LinkLayer.RAW);
    }

    @Override
    public void packet(long timeNs, byte[] bytes, int originalBytes, String comment) throws IOException {
        ByteBuffer block = room(PACKET_HEADER_BYTES + bytes.length);
        block.putInt((int) (timeNs / SECOND_NS)).putInt((int) (timeNs % SECOND_NS));
        block.putInt(bytes.length).putInt(originalBytes).put(bytes);
    }
}

package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;

/**
 * The classic format: a header, then packets (draft-ietf-opsawg-pcap).
 *
 * <pre>
 * file    0| magic, by byte order and unit of time | 4| version 2.4 | 8| – | 12| – | 16| snap length | 20| link type, FCS
 * packet  0| seconds | 4| µs or ns | 8| captured | 12| original | 16| bytes
 * </pre>
 */
final class PcapReader extends CaptureReader {
    static final int MICROSECONDS = 0xa1b2c3d4;
    static final int NANOSECONDS = 0xa1b23c4d;
    static final int HEADER_BYTES = 24;
    private static final int PACKET_HEADER_BYTES = 16;
    private static final int VERSION_MAJOR = 2;
    private static final int MICRO_NS = 1000;

    /** What stands above is about a frame check sequence. */
    private static final int LINK_TYPE_MASK = 0xffff;

    private final int unitNs;
    private int last;

    /** Reads the file's header, whose magic is this kind's in the byte order that the window was told. */
    PcapReader(ByteWindow in, String name) throws IOException {
        super(in);
        if (!in.has(HEADER_BYTES)) {
            throw new CaptureException(name + " is cut short: it ends within the header");
        }
        if (in.u16(4) != VERSION_MAJOR) {
            throw new CaptureException(
                    name + " is of version " + in.u16(4) + "." + in.u16(6) + " of pcap; 2.4 can be read");
        }
        unitNs = in.s32(0) == NANOSECONDS ? 1 : MICRO_NS;
        linkType = in.s32(20) & LINK_TYPE_MASK;
        last = HEADER_BYTES;
    }

    @Override
    boolean advance() throws IOException {
        in.skip(last);
        last = 0;
        if (in.isEmpty()) {
            return false;
        }
        if (!in.has(PACKET_HEADER_BYTES)) {
            return cutShort("a packet's header");
        }
        long captured = in.u32(8);
        if (captured > LONGEST_PACKET_BYTES) {
            return damaged("it is damaged: a packet that claims " + captured + " bytes");
        }
        if (!in.has(PACKET_HEADER_BYTES + (int) captured)) {
            return cutShort("a packet");
        }
        timeNs = in.u32(0) * 1_000_000_000L + in.u32(4) * unitNs;
        packet(PACKET_HEADER_BYTES, captured, in.u32(12));
        last = PACKET_HEADER_BYTES + (int) captured;
        return true;
    }
}

package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The newer format: a row of blocks (draft-ietf-opsawg-pcapng). Sections, each with its byte order and interfaces; packets of
 * the enhanced, the simple and the obsolete kind. Every other block is passed over.
 *
 * <pre>
 * block            0| type | 4| length | 8| content … | length again
 * section          8| byte-order magic | 12| version 1.0 | 16| length of the section | 24| options
 * interface        8| link type | 12| snap length | 16| options
 * enhanced packet  8| interface | 12| time, high | 16| time, low | 20| captured | 24| original | 28| bytes | options
 * simple packet    8| original | 12| bytes
 * option           0| code | 2| length | 4| value, padded to 4 bytes
 * </pre>
 */
final class PcapngReader extends CaptureReader {
    static final int SECTION = 0x0a0d0d0a;
    static final int BYTE_ORDER = 0x1a2b3c4d;
    static final int INTERFACE = 1;
    static final int ENHANCED_PACKET = 6;
    static final int OPTION_RESOLUTION = 9;
    private static final int OBSOLETE_PACKET = 2;
    private static final int SIMPLE_PACKET = 3;
    private static final int OPTION_OFFSET = 14;
    private static final int BLOCK_LEAST_BYTES = 12;
    private static final int SECTION_LEAST_BYTES = 28;
    private static final int INTERFACE_LEAST_BYTES = 20;
    private static final int PACKET_AT = 28;
    private static final int SIMPLE_PACKET_AT = 12;
    private static final int TRAILER_BYTES = 4;
    private static final int OPTION_HEADER_BYTES = 4;

    /** More than any tool makes; a limit, since memory is held for each. */
    private static final int INTERFACES_AT_MOST = 65_536;

    private record Interface(int linkType, long snapBytes, Resolution resolution) {}

    private final List<Interface> interfaces = new ArrayList<>();
    private final String name;
    private long last;

    PcapngReader(ByteWindow in, String name) {
        super(in);
        this.name = name;
    }

    @Override
    boolean advance() throws IOException {
        while (true) {
            in.skip(last);
            last = 0;
            if (in.isEmpty()) {
                return false;
            }
            if (!in.has(BLOCK_LEAST_BYTES)) {
                return cutShort("a block");
            }
            // The magic reads the same either way round, and says how the rest is to be read.
            if (in.s32(0) == SECTION && !section()) {
                return false;
            }
            int type = in.s32(0);
            long length = in.u32(4);
            if (length < BLOCK_LEAST_BYTES || length % Integer.BYTES != 0) {
                return damaged("it is damaged: a block of " + length + " bytes");
            }
            boolean isWanted = type == SECTION
                    || type == INTERFACE
                    || type == ENHANCED_PACKET
                    || type == SIMPLE_PACKET
                    || type == OBSOLETE_PACKET;
            if (isWanted) {
                if (length > ByteWindow.BYTES) {
                    return damaged("it is damaged: a block of " + length + " bytes");
                }
                if (!in.has((int) length)) {
                    return cutShort("a block");
                }
                if (in.u32((int) length - TRAILER_BYTES) != length) {
                    return damaged("it is damaged: a block whose two lengths differ");
                }
            }
            last = length;
            boolean isGood = switch (type) {
                case INTERFACE -> addInterface((int) length);
                case ENHANCED_PACKET -> enhanced((int) length, in.u32(8));
                case OBSOLETE_PACKET -> enhanced((int) length, in.u16(8));
                case SIMPLE_PACKET -> simple((int) length);
                default -> true;
            };
            if (!isGood) {
                return false;
            }
            if (isWanted && type != SECTION && type != INTERFACE) {
                return true;
            }
        }
    }

    private boolean section() throws IOException {
        if (!in.has(SECTION_LEAST_BYTES)) {
            return cutShort("a section's header");
        }
        in.swapped(false);
        if (in.s32(8) != BYTE_ORDER) {
            in.swapped(true);
        }
        if (in.s32(8) != BYTE_ORDER) {
            return damaged("it is damaged: a section of neither byte order");
        }
        if (in.u16(12) != 1) {
            throw new CaptureException(
                    name + " is of version " + in.u16(12) + "." + in.u16(14) + " of pcapng; 1.0 can be read");
        }
        interfaces.clear();
        return true;
    }

    private boolean addInterface(int length) {
        if (length < INTERFACE_LEAST_BYTES || interfaces.size() == INTERFACES_AT_MOST) {
            return damaged("it is damaged: an interface that can't be");
        }
        Resolution resolution = Resolution.MICROSECONDS;
        int end = length - TRAILER_BYTES;
        int at = INTERFACE_LEAST_BYTES - TRAILER_BYTES;
        while (at + OPTION_HEADER_BYTES <= end && in.u16(at) != 0) {
            int bytes = in.u16(at + 2);
            int value = at + OPTION_HEADER_BYTES;
            if (value + bytes > end) {
                return damaged("it is damaged: an option longer than its block");
            }
            if (in.u16(at) == OPTION_RESOLUTION && bytes == 1) {
                resolution = resolution.withUnit(in.u8(value));
            } else if (in.u16(at) == OPTION_OFFSET && bytes == Long.BYTES) {
                resolution = resolution.withOffset(in.s64(value));
            }
            at = value + ((bytes + 3) & -Integer.BYTES);
        }
        interfaces.add(new Interface(in.u16(8), in.u32(12), resolution));
        return true;
    }

    private boolean enhanced(int length, long number) {
        if (length < PACKET_AT + TRAILER_BYTES || number >= interfaces.size()) {
            return damaged("it is damaged: a packet of an interface that is not there");
        }
        Interface from = interfaces.get((int) number);
        long captured = in.u32(20);
        if (captured > LONGEST_PACKET_BYTES || PACKET_AT + captured + TRAILER_BYTES > length) {
            return damaged("it is damaged: a packet that claims " + captured + " bytes");
        }
        linkType = from.linkType();
        timeNs = from.resolution().toNs((in.u32(12) << Integer.SIZE) | in.u32(16));
        packet(PACKET_AT, captured, in.u32(24));
        return true;
    }

    private boolean simple(int length) {
        if (length < SIMPLE_PACKET_AT + TRAILER_BYTES || interfaces.isEmpty()) {
            return damaged("it is damaged: a packet without an interface");
        }
        Interface from = interfaces.getFirst();
        long original = in.u32(8);
        long snapBytes = from.snapBytes() == 0 ? original : Math.min(original, from.snapBytes());
        long captured = Math.min(snapBytes, length - SIMPLE_PACKET_AT - TRAILER_BYTES);
        if (captured > LONGEST_PACKET_BYTES) {
            return damaged("it is damaged: a packet that claims " + captured + " bytes");
        }
        linkType = from.linkType();
        timeNs = NO_TIME;
        packet(SIMPLE_PACKET_AT, captured, original);
        return true;
    }
}

package io.marchproxy.l3l4.replay.pcap;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.util.Locale;

/**
 * Finds the IP packet behind what a frame begins with (tcpdump.org/linktypes.html): Ethernet with any number of VLAN tags
 * (IEEE 802.1Q, 802.1ad), Linux's cooked captures, BSD's loopback, or nothing at all. Reads no byte past the captured ones.
 */
public final class LinkLayer {
    /** What a frame carries. */
    public enum Content {
        IP,
        /** Something else, which {@link #what} names. */
        OTHER,
        /** The capture cut it off within what stands before the packet. */
        CUT,
        /** Frames of this link type can't be read here. */
        UNKNOWN_LINK
    }

    public static final int RAW = 101;
    private static final int NULL = 0;
    private static final int ETHERNET = 1;
    private static final int RAW_BSD = 12;
    private static final int RAW_OPENBSD = 14;
    private static final int LOOP = 108;
    private static final int LINUX_COOKED = 113;
    private static final int RAW_IPV4 = 228;
    private static final int RAW_IPV6 = 229;
    private static final int LINUX_COOKED_2 = 276;

    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final int LEAST_ETHERTYPE = 0x0600;
    private static final int TAG_BYTES = 4;
    private static final int FAMILY_BYTES = 4;
    private static final int FAMILY_IPV4 = 2;

    /** Tells a family's number from an ethertype. */
    private static final int FAMILY = 0x1_0000;

    private int offset;
    private int type;

    /** Looks at nothing yet. */
    public LinkLayer() {}

    /** Looks behind a frame's first headers. */
    public Content strip(int linkType, long address, int capturedBytes) {
        offset = 0;
        type = linkType;
        return switch (linkType) {
            case RAW, RAW_BSD, RAW_OPENBSD, RAW_IPV4, RAW_IPV6 -> Content.IP;
            case ETHERNET -> tagged(address, capturedBytes, 12);
            case LINUX_COOKED -> cooked(address, capturedBytes, 14, 16);
            case LINUX_COOKED_2 -> cooked(address, capturedBytes, 0, 20);
            case NULL, LOOP -> family(address, capturedBytes);
            default -> Content.UNKNOWN_LINK;
        };
    }

    /** Behind addresses stand tags, each with the type of what follows it, and at last what the packet is. */
    private Content tagged(long address, int captured, int typeAt) {
        int at = typeAt;
        while (at + Short.BYTES <= captured) {
            type = Short.toUnsignedInt(Memory.getShortBe(address + at));
            if (!isTag(type)) {
                offset = at + Short.BYTES;
                return content();
            }
            at += TAG_BYTES;
        }
        return Content.CUT;
    }

    /** A cooked header's type may be a tag's as well; its second half and the type behind it then begin the content. */
    private Content cooked(long address, int captured, int typeAt, int headerBytes) {
        if (captured < headerBytes) {
            return Content.CUT;
        }
        type = Short.toUnsignedInt(Memory.getShortBe(address + typeAt));
        offset = headerBytes;
        return isTag(type) ? tagged(address, captured, headerBytes + Short.BYTES) : content();
    }

    /** An address family of the capturing system, in that one's byte order, or in the network's for the type loop. */
    private Content family(long address, int captured) {
        if (captured < FAMILY_BYTES) {
            return Content.CUT;
        }
        offset = FAMILY_BYTES;
        int value = Memory.getIntBe(address);
        int family = ((value & 0xffff) == 0 ? Integer.reverseBytes(value) : value) & 0xffff;
        type = FAMILY | family;
        return switch (family) {
            // IPv6 has another number on Linux, the BSDs, FreeBSD and macOS.
            case FAMILY_IPV4, 10, 24, 28, 30 -> Content.IP;
            default -> Content.OTHER;
        };
    }

    private Content content() {
        return type == IPV4 || type == IPV6 ? Content.IP : Content.OTHER;
    }

    private static boolean isTag(int type) {
        return switch (type) {
            case 0x8100, 0x88a8, 0x9100, 0x9200 -> true;
            default -> false;
        };
    }

    /** How many bytes stand before the IP packet. */
    public int offset() {
        return offset;
    }

    /** The link type, ethertype or family that made the content what it is. */
    public int type() {
        return type;
    }

    /** What a frame carries that is no IP, or can't be read. */
    public static String what(Content content, int type) {
        return switch (content) {
            case CUT -> "cut off before the packet";
            case UNKNOWN_LINK -> "link type " + type + " can't be read";
            default -> named(type);
        };
    }

    private static String named(int type) {
        String number = String.format(Locale.ROOT, "0x%04x", type);
        return switch (type) {
            case 0x0806 -> "ARP (" + number + ")";
            case 0x8863, 0x8864 -> "PPPoE (" + number + ")";
            case 0x8847, 0x8848 -> "MPLS (" + number + ")";
            case 0x88cc -> "LLDP (" + number + ")";
            case 0x88e5 -> "MACsec (" + number + ")";
            default -> {
                if (type >= FAMILY) {
                    yield "address family " + (type - FAMILY);
                }
                // Below is a length, as 802.3 has it, and what follows says of itself what it is.
                yield type < LEAST_ETHERTYPE ? "802.3 without an ethertype" : "ethertype " + number;
            }
        };
    }
}

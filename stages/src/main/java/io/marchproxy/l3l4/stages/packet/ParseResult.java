package io.marchproxy.l3l4.stages.packet;

/** What {@link IpPacket#parse} found. */
public enum ParseResult {
    /** Every header is whole, and the packet is all there. */
    OK,
    /** Every header is whole, but fewer bytes were captured than the packet had. */
    SNAPPED,
    /** Fewer bytes were captured than the headers have. */
    TOO_SHORT,
    /** Neither version 4 nor 6. */
    BAD_VERSION,
    /** The IPv4 header says that it is shorter than it can be. */
    BAD_HEADER_LENGTH,
    /** The packet says that it is shorter than its header. */
    BAD_TOTAL_LENGTH,
    /** An IPv6 extension header runs past the packet's end, stands where it must not, or is one too many. */
    BAD_EXTENSION,
    /** A fragment that is not the last has a length that is no multiple of 8, or one reaches past 65,535 bytes. */
    BAD_FRAGMENT,
    /** The TCP or UDP header runs past the packet's end or contradicts itself. */
    BAD_TRANSPORT;

    /** Whether the packet's fields may be read. */
    public boolean isReadable() {
        return this == OK || this == SNAPPED;
    }
}

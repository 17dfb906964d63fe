package io.marchproxy.l3l4.stages.packet;

/**
 * Finds its way through an IP packet's headers: version 4 with options, version 6 with extension headers, fragments, TCP
 * and UDP. Never reads past the bytes that it is given and never throws, whatever they hold; one object is used again for
 * packet after packet.
 */
public final class IpPacket {
    /** Protocol number of TCP (IANA). */
    public static final int TCP = 6;

    /** Protocol number of UDP (IANA). */
    public static final int UDP = 17;

    /** Extension headers that a packet may chain; more is taken for an attack on whoever walks the chain. */
    static final int EXTENSIONS_AT_MOST = 8;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int EXTENSION_LEAST_BYTES = 8;
    private static final int HIGHEST_PACKET_BYTES = 65_535;
    private static final int FRAGMENT_UNIT_BYTES = 8;

    private final Ipv4View ipv4 = new Ipv4View();
    private final Ipv6View ipv6 = new Ipv6View();
    private final TcpView tcp = new TcpView();
    private final UdpView udp = new UdpView();

    private long address;
    private int capturedBytes;
    private int version;
    private int totalBytes;
    private int protocol;
    private int transportOffset;
    private int payloadOffset;
    private int payloadBytes;
    private boolean isFragment;
    private int fragmentOffsetBytes;
    private int sourcePort;
    private int destinationPort;

    /**
     * Reads the headers at an address.
     *
     * @param capturedBytes how many bytes are there; more than the packet says it has are padding
     * @return unless readable, no other method's answer means anything
     */
    public ParseResult parse(long packetAddress, int capturedBytes) {
        this.address = packetAddress;
        this.capturedBytes = capturedBytes;
        isFragment = false;
        fragmentOffsetBytes = 0;
        sourcePort = 0;
        destinationPort = 0;
        if (capturedBytes < 1) {
            return ParseResult.TOO_SHORT;
        }
        version = Byte.toUnsignedInt(Memory.getByte(address)) >> 4;
        ParseResult result = switch (version) {
            case 4 -> parseIpv4();
            case 6 -> parseIpv6();
            default -> ParseResult.BAD_VERSION;
        };
        if (result == ParseResult.OK) {
            result = parseTransport();
        }
        return result == ParseResult.OK && totalBytes > capturedBytes ? ParseResult.SNAPPED : result;
    }

    private ParseResult parseIpv4() {
        if (capturedBytes < Ipv4View.LEAST_HEADER_BYTES) {
            return ParseResult.TOO_SHORT;
        }
        ipv4.wrap(address);
        int headerBytes = ipv4.headerBytes();
        totalBytes = ipv4.totalBytes();
        if (headerBytes < Ipv4View.LEAST_HEADER_BYTES) {
            return ParseResult.BAD_HEADER_LENGTH;
        }
        if (totalBytes < headerBytes) {
            return ParseResult.BAD_TOTAL_LENGTH;
        }
        if (capturedBytes < headerBytes) {
            return ParseResult.TOO_SHORT;
        }
        protocol = ipv4.protocol();
        transportOffset = headerBytes;
        return fragment(ipv4.moreFragments(), ipv4.fragmentOffsetBytes(), headerBytes);
    }

    private ParseResult parseIpv6() {
        if (capturedBytes < Ipv6View.HEADER_BYTES) {
            return ParseResult.TOO_SHORT;
        }
        ipv6.wrap(address);
        totalBytes = Ipv6View.HEADER_BYTES + ipv6.payloadBytes();
        protocol = ipv6.nextHeader();
        transportOffset = Ipv6View.HEADER_BYTES;
        for (int count = 0; isExtension(protocol); count++) {
            boolean isMisplaced = protocol == HOP_BY_HOP && count > 0;
            if (count == EXTENSIONS_AT_MOST || isMisplaced) {
                return ParseResult.BAD_EXTENSION;
            }
            ParseResult result = parseExtension();
            if (result != ParseResult.OK || isLaterFragment()) {
                return result;
            }
        }
        return ParseResult.OK;
    }

    private static boolean isExtension(int nextHeader) {
        return switch (nextHeader) {
            case HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS -> true;
            default -> false;
        };
    }

    /** Steps over one extension header; {@code protocol} then names what follows it (RFC 8200 section 4, RFC 4302). */
    private ParseResult parseExtension() {
        if (transportOffset + EXTENSION_LEAST_BYTES > totalBytes) {
            return ParseResult.BAD_EXTENSION;
        }
        if (transportOffset + EXTENSION_LEAST_BYTES > capturedBytes) {
            return ParseResult.TOO_SHORT;
        }
        long header = address + transportOffset;
        int lengthField = Byte.toUnsignedInt(Memory.getByte(header + 1));
        int headerBytes = switch (protocol) {
            case FRAGMENT -> EXTENSION_LEAST_BYTES;
            case AUTHENTICATION -> (lengthField + 2) * 4;
            default -> (lengthField + 1) * 8;
        };
        if (transportOffset + headerBytes > totalBytes) {
            return ParseResult.BAD_EXTENSION;
        }
        if (transportOffset + headerBytes > capturedBytes) {
            return ParseResult.TOO_SHORT;
        }
        boolean isFragmentHeader = protocol == FRAGMENT;
        protocol = Byte.toUnsignedInt(Memory.getByte(header));
        transportOffset += headerBytes;
        if (!isFragmentHeader) {
            return ParseResult.OK;
        }
        int offsetAndFlags = Short.toUnsignedInt(Memory.getShortBe(header + 2));
        return fragment((offsetAndFlags & 1) != 0, offsetAndFlags & 0xfff8, Ipv6View.HEADER_BYTES);
    }

    /** Takes in where a fragment stands; offset 0 and no more to come is a whole packet (RFC 6946). */
    private ParseResult fragment(boolean moreFollow, int offsetBytes, int unfragmentableBytes) {
        isFragment |= moreFollow || offsetBytes != 0;
        fragmentOffsetBytes = offsetBytes;
        int fragmentBytes = totalBytes - transportOffset;
        boolean isUneven = moreFollow && fragmentBytes % FRAGMENT_UNIT_BYTES != 0;
        int limitBytes = version == 4 ? HIGHEST_PACKET_BYTES - unfragmentableBytes : HIGHEST_PACKET_BYTES;
        return isUneven || offsetBytes + fragmentBytes > limitBytes ? ParseResult.BAD_FRAGMENT : ParseResult.OK;
    }

    private ParseResult parseTransport() {
        payloadOffset = transportOffset;
        payloadBytes = totalBytes - transportOffset;
        if (isLaterFragment()) {
            return ParseResult.OK;
        }
        return switch (protocol) {
            case TCP -> parseTcp();
            case UDP -> parseUdp();
            default -> ParseResult.OK;
        };
    }

    private ParseResult parseTcp() {
        ParseResult whole = checkWhole(TcpView.LEAST_HEADER_BYTES);
        if (whole != ParseResult.OK) {
            return whole;
        }
        tcp.wrap(address + transportOffset);
        int headerBytes = tcp.headerBytes();
        if (headerBytes < TcpView.LEAST_HEADER_BYTES) {
            return ParseResult.BAD_TRANSPORT;
        }
        sourcePort = tcp.sourcePort();
        destinationPort = tcp.destinationPort();
        payloadOffset += headerBytes;
        payloadBytes -= headerBytes;
        return checkWhole(headerBytes);
    }

    private ParseResult parseUdp() {
        ParseResult whole = checkWhole(UdpView.HEADER_BYTES);
        if (whole != ParseResult.OK) {
            return whole;
        }
        udp.wrap(address + transportOffset);
        int lengthBytes = udp.lengthBytes();
        boolean isTooLong = !isFragment && transportOffset + lengthBytes > totalBytes;
        if (lengthBytes < UdpView.HEADER_BYTES || isTooLong) {
            return ParseResult.BAD_TRANSPORT;
        }
        sourcePort = udp.sourcePort();
        destinationPort = udp.destinationPort();
        payloadOffset += UdpView.HEADER_BYTES;
        payloadBytes = Math.min(lengthBytes, payloadBytes) - UdpView.HEADER_BYTES;
        return ParseResult.OK;
    }

    private ParseResult checkWhole(int headerBytes) {
        if (transportOffset + headerBytes > totalBytes) {
            return ParseResult.BAD_TRANSPORT;
        }
        return transportOffset + headerBytes > capturedBytes ? ParseResult.TOO_SHORT : ParseResult.OK;
    }

    /**
     * Writes protocol, addresses, ports, code point, length and place into a descriptor that was reset, and says that it is an
     * IP packet. The length is the whole packet's, as it says. Ports are 0 where there are none, and in every fragment: later
     * ones have none, and a packet's parts should be of one flow, or they would take several ways and overtake one another.
     */
    public void describe(PacketDescriptor descriptor) {
        descriptor.flags(DescriptorFlags.IP_PACKET);
        descriptor.protocol(protocol);
        descriptor.ipVersion(version);
        if (version == 4) {
            descriptor.sourceLow(ipv4.source());
            descriptor.destinationLow(ipv4.destination());
            descriptor.ingressTos(ipv4.tos());
        } else {
            descriptor.sourceHigh(ipv6.sourceHigh());
            descriptor.sourceLow(ipv6.sourceLow());
            descriptor.destinationHigh(ipv6.destinationHigh());
            descriptor.destinationLow(ipv6.destinationLow());
            descriptor.ingressTos(ipv6.tos());
        }
        if (!isFragment) {
            descriptor.sourcePort(sourcePort);
            descriptor.destinationPort(destinationPort);
        }
        descriptor.lengthBytes(totalBytes);
        descriptor.argument0(Math.max(totalBytes - capturedBytes, 0));
        descriptor.payloadAddress(address);
    }

    /**
     * Writes into a descriptor that was reset that an IP packet makes no sense. It has neither protocol nor addresses then, as
     * no packet that can be read has, so that it is of no flow.
     *
     * @param capturedBytes how many bytes are there
     * @param lengthBytes how many there were, at least as many
     */
    public static void describeMalformed(
            PacketDescriptor descriptor, long address, int capturedBytes, int lengthBytes) {
        descriptor.flags(DescriptorFlags.IP_PACKET | DescriptorFlags.MALFORMED);
        descriptor.lengthBytes(lengthBytes);
        descriptor.argument0(lengthBytes - capturedBytes);
        descriptor.payloadAddress(address);
    }

    /** Where the packet stands. */
    public long address() {
        return address;
    }

    /** 4 or 6. */
    public int version() {
        return version;
    }

    /** The packet's length as its header says, padding left out. */
    public int totalBytes() {
        return totalBytes;
    }

    /** The protocol after the last header that was walked (IANA); of a later fragment, what its first one begins with. */
    public int protocol() {
        return protocol;
    }

    /** Where the transport header begins, counted from the packet's begin. */
    public int transportOffset() {
        return transportOffset;
    }

    /** Where what TCP or UDP carries begins, or where any other protocol does. */
    public int payloadOffset() {
        return payloadOffset;
    }

    /** How much TCP, UDP or another protocol carries within this packet. */
    public int payloadBytes() {
        return payloadBytes;
    }

    /** Whether this is a part of a packet. */
    public boolean isFragment() {
        return isFragment;
    }

    /** Whether this is a part of a packet other than the first, which alone has ports. */
    public boolean isLaterFragment() {
        return fragmentOffsetBytes != 0;
    }

    /** Where in the whole packet this fragment stands. */
    public int fragmentOffsetBytes() {
        return fragmentOffsetBytes;
    }

    /** The sender's port; 0 unless TCP or UDP with its header here. */
    public int sourcePort() {
        return sourcePort;
    }

    /** The receiver's port; 0 unless TCP or UDP with its header here. */
    public int destinationPort() {
        return destinationPort;
    }

    /** The IPv4 header, of a version 4 packet. */
    public Ipv4View ipv4() {
        return ipv4;
    }

    /** The IPv6 header, of a version 6 packet. */
    public Ipv6View ipv6() {
        return ipv6;
    }

    /** The TCP header, of a TCP packet that is no later fragment. */
    public TcpView tcp() {
        return tcp;
    }

    /** The UDP header, of a UDP packet that is no later fragment. */
    public UdpView udp() {
        return udp;
    }
}

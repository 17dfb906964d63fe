package io.marchproxy.l3l4.stages.packet;

/**
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Checksums are 16-bit numbers as they stand in
 * the header, read in network order.
 */
public final class InternetChecksum {
    private static final int WORD = 0xffff;

    private InternetChecksum() {}

    /**
     * The one's complement sum of a region, not yet folded or complemented; sums of several regions add up as long as all
     * but the last are of even length.
     *
     * @param lengthBytes 0 to 65,535; an odd last byte counts as followed by a zero
     */
    public static long sum(long address, int lengthBytes) {
        long sum = 0;
        int i = 0;
        for (; i + Integer.BYTES <= lengthBytes; i += Integer.BYTES) {
            sum += Integer.toUnsignedLong(Memory.getIntBe(address + i));
        }
        if (i + Short.BYTES <= lengthBytes) {
            sum += Short.toUnsignedLong(Memory.getShortBe(address + i));
            i += Short.BYTES;
        }
        if (i < lengthBytes) {
            sum += Byte.toUnsignedLong(Memory.getByte(address + i)) << Byte.SIZE;
        }
        return sum;
    }

    /** Folds a sum to 16 bits and complements it: the checksum to write, or 0 over a region that carries a right one. */
    public static int finish(long sum) {
        long folded = (sum >>> 32) + (sum & 0xffff_ffffL);
        folded = (folded >>> 16) + (folded & WORD);
        folded = (folded >>> 16) + (folded & WORD);
        folded = (folded >>> 16) + (folded & WORD);
        return (int) ~folded & WORD;
    }

    /** The checksum of a region in which the checksum's own field is zero, or 0 when it is there and right. */
    public static int of(long address, int lengthBytes) {
        return finish(sum(address, lengthBytes));
    }

    /**
     * The checksum after one 16-bit word that it covers has changed, without reading the others: equation 3 of RFC 1624,
     * {@code HC' = ~(~HC + ~m + m')}, which unlike that of RFC 1141 does not turn 0xffff out where 0 is right.
     *
     * @param checksum before the change
     * @param before the word's old value
     * @param after the word's new value
     */
    public static int update(int checksum, int before, int after) {
        int sum = (~checksum & WORD) + (~before & WORD) + (after & WORD);
        sum = (sum >>> 16) + (sum & WORD);
        sum = (sum >>> 16) + (sum & WORD);
        return ~sum & WORD;
    }

    /**
     * The sum of the pseudo header that TCP and UDP checksums cover (RFC 9293 section 3.1, RFC 768, RFC 8200 section 8.1).
     *
     * @param packet parsed
     * @param transportBytes length of the transport header and what follows it
     */
    public static long pseudoHeaderSum(IpPacket packet, int transportBytes) {
        int addresses = packet.version() == 4 ? Ipv4View.SOURCE : Ipv6View.SOURCE;
        int addressBytes = packet.version() == 4 ? 8 : 32;
        return sum(packet.address() + addresses, addressBytes) + packet.protocol() + transportBytes;
    }
}

package io.marchproxy.l3l4.stages.classify;

/**
 * An address prefix (RFC 4632, RFC 4291), held as {@code PacketDescriptor} holds addresses.
 *
 * @param ipVersion 4 or 6
 * @param high first 64 bits of the network; 0 for IPv4
 * @param low last 64 bits of the network, or the 32 bits of IPv4
 * @param length in bits: 0 to 32, or 0 to 128
 */
public record AddressPrefix(int ipVersion, long high, long low, int length) {
    public AddressPrefix {
        if (ipVersion != 4 && ipVersion != 6) {
            throw new IllegalArgumentException("IP version " + ipVersion);
        }
        if (length < 0 || length > (ipVersion == 4 ? 32 : 128)) {
            throw new IllegalArgumentException("prefix length " + length);
        }
    }

    /** Whether an address lies within. */
    public boolean contains(int version, long addressHigh, long addressLow) {
        if (version != ipVersion) {
            return false;
        }
        if (version == 4) {
            return length == 0 || ((addressLow ^ low) & 0xffff_ffffL) >>> (32 - length) == 0;
        }
        if (length <= 64) {
            return length == 0 || (addressHigh ^ high) >>> (64 - length) == 0;
        }
        return addressHigh == high && (addressLow ^ low) >>> (128 - length) == 0;
    }
}

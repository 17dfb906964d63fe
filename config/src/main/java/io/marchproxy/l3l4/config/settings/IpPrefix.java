package io.marchproxy.l3l4.config.settings;

import io.marchproxy.l3l4.config.value.AddressText;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A prefix without host bits (RFC 4632, RFC 4291).
 *
 * @param network its first address
 * @param length in bits: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record IpPrefix(InetAddress network, int length) {
    public IpPrefix {
        byte[] bytes = network.getAddress();
        Ranges.check("prefix length", length, 0, bytes.length * 8L);
        for (int bit = length; bit < bytes.length * 8; bit++) {
            if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
                throw new IllegalArgumentException(
                        AddressText.of(network) + "/" + length + " has bits set behind its prefix length");
            }
        }
    }

    /**
     * A prefix by its bits.
     *
     * @param version 4 or 6
     * @param high first 64 bits of its address; IPv4 stands in the first 32
     * @param low last 64 bits, of IPv6
     */
    public static IpPrefix of(int version, long high, long low, int length) {
        byte[] bits =
                ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array();
        try {
            return new IpPrefix(
                    InetAddress.getByAddress(version == 4 ? Arrays.copyOf(bits, Integer.BYTES) : bits), length);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
    }

    @Override
    public String toString() {
        return AddressText.of(network) + "/" + length;
    }
}

package io.marchproxy.l3l4.config.settings;

import java.net.InetAddress;

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
                        network.getHostAddress() + "/" + length + " has bits set behind its prefix length");
            }
        }
    }

    @Override
    public String toString() {
        return network.getHostAddress() + "/" + length;
    }
}

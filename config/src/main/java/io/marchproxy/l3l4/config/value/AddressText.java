package io.marchproxy.l3l4.config.value;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Addresses as people and other tools write them; of IPv6 what RFC 5952 recommends, such as {@code 2001:db8::1}. */
public final class AddressText {
    private static final int GROUPS = 8;
    private static final int IPV6 = 6;

    private AddressText() {}

    /** An address, that of a link with its scope behind {@code %} (RFC 4007). */
    public static String of(InetAddress address) {
        String written = address.getHostAddress();
        if (!(address instanceof Inet6Address)) {
            return written;
        }
        int scope = written.indexOf('%');
        return ipv6(ByteBuffer.wrap(address.getAddress())) + (scope < 0 ? "" : written.substring(scope));
    }

    /**
     * An address by its bits.
     *
     * @param version 4 or 6
     * @param high first 64 bits of IPv6
     * @param low last 64 bits, or the 32 bits of IPv4
     */
    public static String of(int version, long high, long low) {
        if (version == IPV6) {
            return ipv6(ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(high)
                    .putLong(low)
                    .flip());
        }
        try {
            return InetAddress.getByAddress(
                            ByteBuffer.allocate(Integer.BYTES).putInt((int) low).array())
                    .getHostAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError("4 bytes are an address", e);
        }
    }

    /** An address with a port, that of IPv6 in brackets. */
    public static String of(int version, long high, long low, int port) {
        String host = of(version, high, low);
        return (version == IPV6 ? "[" + host + "]" : host) + ":" + port;
    }

    /** The longest run of two zero groups and more is left out, the first of equally long ones. */
    private static String ipv6(ByteBuffer bytes) {
        int gapAt = GROUPS;
        int gap = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && bytes.getShort(2 * end) == 0) {
                end++;
            }
            if (end - i > gap) {
                gapAt = i;
                gap = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == gapAt) {
                text.append("::");
                i += gap - 1;
            } else {
                boolean isFirst = text.isEmpty() || text.charAt(text.length() - 1) == ':';
                text.append(isFirst ? "" : ":").append(Integer.toHexString(Short.toUnsignedInt(bytes.getShort(2 * i))));
            }
        }
        return text.toString();
    }
}

package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.value.Addresses;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Whether two listeners want the same packets. */
final class ListenOverlap {
    private ListenOverlap() {}

    static boolean overlap(ListenAddress one, ListenAddress other) {
        return one.protocol() == other.protocol()
                && one.port() == other.port()
                && one.port() != 0
                && (covers(one.host(), other.host()) || covers(other.host(), one.host()));
    }

    /** Whether a listener on {@code wide} hears what is sent to {@code host}; the wildcard {@code ::} hears both families. */
    static boolean covers(String wide, String host) {
        if (wide.equals("localhost") || host.equals("localhost")) {
            return coversLocalhost(wide, host);
        }
        InetAddress wideAddress = Addresses.literal(wide);
        InetAddress address = Addresses.literal(host);
        if (wideAddress == null || address == null) {
            return wide.equalsIgnoreCase(host);
        }
        if (wideAddress.isAnyLocalAddress()) {
            return !(wideAddress instanceof Inet4Address) || address instanceof Inet4Address;
        }
        return wideAddress.equals(address);
    }

    private static boolean coversLocalhost(String one, String other) {
        return localhost(one) && localhost(other);
    }

    private static boolean localhost(String host) {
        InetAddress address = Addresses.literal(host);
        return host.equals("localhost")
                || (address != null && (address.isLoopbackAddress() || address.isAnyLocalAddress()));
    }
}

package io.marchproxy.l3l4.config.value;

import java.net.InetSocketAddress;

/**
 * An address to connect to.
 *
 * @param host an address, IPv6 without brackets, or a name
 * @param port 1 to 65,535; 0 for none, as of a gateway
 */
public record HostPort(String host, int port) {
    /** A socket's address, which is resolved. */
    public static HostPort of(InetSocketAddress address) {
        return new HostPort(AddressText.of(address.getAddress()), address.getPort());
    }

    /** As written: IPv6 in brackets. */
    @Override
    public String toString() {
        String written = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == 0 ? written : written + ":" + port;
    }
}

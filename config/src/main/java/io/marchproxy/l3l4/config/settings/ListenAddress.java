package io.marchproxy.l3l4.config.settings;

/**
 * Where a service listens.
 *
 * @param host an IPv4 address, an IPv6 address without brackets ({@code ::} listens on both families), or a name
 * @param port 0 to 65,535; 0 takes a free one
 */
public record ListenAddress(Protocol protocol, String host, int port) {
    public ListenAddress {
        Ranges.check("listen port", port, 0, 65_535);
    }

    /** As written in the configuration, such as {@code tcp://[::1]:8080}. */
    @Override
    public String toString() {
        return protocol.label() + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}

package io.marchproxy.l3l4.config.settings;

/**
 * Where a service listens. {@code ip://*}, host {@code *} and port 0, stands for every IP packet that is to no other service.
 *
 * @param host an IPv4 address, an IPv6 address without brackets ({@code ::} listens on both families), or a name
 * @param port 0 to 65,535; 0 takes a free one
 */
public record ListenAddress(Protocol protocol, String host, int port) {
    /** Every IP packet that is to no other service. */
    public static final ListenAddress IP_PACKETS = new ListenAddress(Protocol.IP, "*", 0);

    public ListenAddress {
        Ranges.check("listen port", port, 0, 65_535);
    }

    /** As written in the configuration, such as {@code tcp://[::1]:8080}. */
    @Override
    public String toString() {
        if (protocol == Protocol.IP) {
            return "ip://*";
        }
        return protocol.label() + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}

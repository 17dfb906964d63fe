package io.marchproxy.l3l4.config.value;

/**
 * An address to connect to.
 *
 * @param host an address, IPv6 without brackets, or a name
 * @param port 1 to 65,535
 */
public record HostPort(String host, int port) {
    /** As written: IPv6 in brackets. */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}

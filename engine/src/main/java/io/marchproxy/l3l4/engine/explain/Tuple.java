package io.marchproxy.l3l4.engine.explain;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.value.Addresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A flow to ask about.
 *
 * @param dscp that its packets come with, 0 to 63
 */
public record Tuple(Protocol protocol, InetSocketAddress source, InetSocketAddress destination, int dscp) {
    /**
     * Reads {@code tcp 10.0.0.1:40000 127.0.0.1:8080}, or {@code ip 10.0.0.1 192.0.2.1}; an arrow between the addresses is welcome.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Tuple of(String text, int dscp) {
        List<String> words = List.of(text.replace("->", " ")
                .replace(">", " ")
                .replace("→", " ")
                .strip()
                .split("\\s+"));
        if (words.size() != 3) {
            throw new IllegalArgumentException(
                    "a flow is PROTOCOL SOURCE:PORT DESTINATION:PORT, such as tcp 10.0.0.1:40000 127.0.0.1:8080, or ip"
                            + " SOURCE DESTINATION");
        }
        return of(words.get(0), words.get(1), words.get(2), dscp);
    }

    /**
     * Reads the parts.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Tuple of(String protocol, String source, String destination, int dscp) {
        if (dscp < 0 || dscp > 63) {
            throw new IllegalArgumentException("a code point is 0 to 63, not " + dscp);
        }
        Protocol spoken = switch (protocol) {
            case "tcp" -> Protocol.TCP;
            case "udp" -> Protocol.UDP;
            case "ip" -> Protocol.IP;
            default -> throw new IllegalArgumentException("\"" + protocol + "\" is none of tcp, udp and ip");
        };
        InetSocketAddress from = spoken == Protocol.IP ? host(source) : endpoint(source);
        InetSocketAddress to = spoken == Protocol.IP ? host(destination) : endpoint(destination);
        if (from.getAddress().getAddress().length != to.getAddress().getAddress().length) {
            throw new IllegalArgumentException(source + " and " + destination + " are of two address families");
        }
        return new Tuple(spoken, from, to, dscp);
    }

    /** Of an IP packet, which need not have ports. */
    private static InetSocketAddress host(String text) {
        boolean isBracketed = text.startsWith("[") && text.endsWith("]");
        InetAddress address = literal(isBracketed ? text.substring(1, text.length() - 1) : text);
        return address == null ? endpoint(text) : new InetSocketAddress(address, 0);
    }

    private static InetSocketAddress endpoint(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        InetAddress address = literal(bare);
        String port = text.substring(colon + 1);
        if (address == null || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is no ADDRESS:PORT; names are not looked up, and IPv6 stands in brackets");
        }
        return new InetSocketAddress(address, Integer.parseInt(port));
    }

    private static @Nullable InetAddress literal(String text) {
        return text.isEmpty() ? null : Addresses.literal(text);
    }
}

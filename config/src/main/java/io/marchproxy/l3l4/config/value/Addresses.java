package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Addresses, ports and prefixes as text. Nothing here asks a name server. */
public final class Addresses {
    private static final Pattern IPV4 =
            Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\\.(?!$)|$)){4}");
    private static final Pattern HOST_NAME =
            Pattern.compile("(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?"
                    + "(?:\\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?)*\\.?");
    /** In front of an IPv4 address that is written as one of IPv6 (RFC 4291, 2.5.5.2). */
    private static final int MAPPED_BITS = 96;

    private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");

    private Addresses() {}

    /**
     * Reads an address written in numbers.
     *
     * @param text IPv4 in four decimal parts, or IPv6 without brackets
     * @return null when it is neither
     */
    public static @Nullable InetAddress literal(String text) {
        if (text.length() > 80 || (!IPV4.matcher(text).matches() && text.indexOf(':') < 0)) {
            return null;
        }
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /** Reads {@code tcp://HOST:PORT}, {@code udp://HOST:PORT} or {@code ip://*}. */
    static ListenAddress listen(String text) throws BadValueException {
        int colon = text.indexOf("://");
        if (colon < 0) {
            throw new BadValueException("is no listen address, such as tcp://0.0.0.0:8080", meantListen(text));
        }
        String scheme = text.substring(0, colon);
        if (scheme.equals("ip")) {
            if (!text.equals("ip://*")) {
                throw new BadValueException("takes the IP packets that are to no other service, whole", "ip://*");
            }
            return ListenAddress.IP_PACKETS;
        }
        Protocol protocol = switch (scheme) {
            case "tcp" -> Protocol.TCP;
            case "udp" -> Protocol.UDP;
            default -> {
                String near = Nearest.of(scheme, List.of("tcp", "udp"));
                throw new BadValueException(
                        "begins with neither tcp:// nor udp://", near == null ? null : near + text.substring(colon));
            }
        };
        String rest = text.substring(colon + 3);
        int slash = rest.indexOf('/');
        if (slash >= 0) {
            throw new BadValueException("has a path behind its port", text.substring(0, colon + 3 + slash));
        }
        String[] parts = split(rest);
        return new ListenAddress(protocol, listenHost(parts[0]), port(parts[1], 0));
    }

    /** Reads {@code HOST:PORT}. */
    static HostPort hostPort(String text) throws BadValueException {
        int scheme = text.indexOf("://");
        if (scheme >= 0) {
            throw new BadValueException("has a scheme, but HOST:PORT is wanted", text.substring(scheme + 3));
        }
        String[] parts = split(text);
        String host = parts[0];
        InetAddress literal = literal(host);
        if (literal == null) {
            checkName(host);
        } else if (literal.isAnyLocalAddress()) {
            throw new BadValueException("is no address to connect to", "127.0.0.1:" + parts[1]);
        } else if (literal.isMulticastAddress()) {
            throw new BadValueException("is a multicast address, to which nothing can connect");
        }
        return new HostPort(literal == null ? host : text(literal, host), port(parts[1], 1));
    }

    /** Reads {@code HOST:PORT}, or, as gateways have it, {@code HOST} alone, whose port is 0. */
    static HostPort backend(String text) throws BadValueException {
        boolean isBracketed = text.startsWith("[") && text.endsWith("]");
        String bare = isBracketed ? text.substring(1, text.length() - 1) : text;
        boolean hasPort = literal(bare) == null && (isBracketed || bare.indexOf(':') >= 0);
        if (hasPort) {
            return hostPort(text);
        }
        String host = bare.indexOf(':') >= 0 ? "[" + bare + "]" : bare;
        return new HostPort(hostPort(host + ":1").host(), 0);
    }

    /** Reads {@code ADDRESS/LENGTH}; an address alone is its own prefix. */
    static IpPrefix prefix(String text) throws BadValueException {
        int slash = text.indexOf('/');
        InetAddress network = literal(slash < 0 ? text : text.substring(0, slash));
        if (network == null) {
            throw new BadValueException("is no prefix, such as 10.0.0.0/8 or 2001:db8::/32");
        }
        int bits = network.getAddress().length * 8;
        int length = bits;
        if (slash >= 0) {
            String digits = text.substring(slash + 1);
            length = digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
            if (network instanceof Inet4Address && text.indexOf(':') >= 0) {
                throw new BadValueException(
                        "is of IPv4 addresses mapped into IPv6, which count as IPv4",
                        length < MAPPED_BITS || length > MAPPED_BITS + bits
                                ? null
                                : network.getHostAddress() + "/" + (length - MAPPED_BITS));
            }
            if (length < 0 || length > bits) {
                throw new BadValueException("has a prefix length outside 0 to " + bits);
            }
        }
        InetAddress masked = masked(network, length);
        if (!masked.equals(network)) {
            throw new BadValueException("has bits set behind its prefix length", AddressText.of(masked) + "/" + length);
        }
        return new IpPrefix(network, length);
    }

    /** Reads a port: to listen on, where 0 takes a free one, or to connect to. */
    private static int port(String text, int lowest) throws BadValueException {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
        if (port < lowest || port > 65_535) {
            throw new BadValueException("needs a port from " + lowest + " to 65535");
        }
        return port;
    }

    /** Reads the host of a listener: an address, {@code *} or {@code localhost}. */
    static String listenHost(String host) throws BadValueException {
        if (host.equals("*")) {
            return "::";
        }
        if (host.equals("localhost")) {
            return host;
        }
        InetAddress literal = literal(host);
        if (literal == null) {
            throw new BadValueException("needs an address of this machine: IPv4, IPv6, * for all, or localhost");
        }
        if (literal.isMulticastAddress()) {
            throw new BadValueException("is a multicast address, which a proxy cannot serve");
        }
        return text(literal, host);
    }

    private static String text(InetAddress literal, String written) {
        return literal instanceof Inet6Address ? written.toLowerCase(Locale.ROOT) : literal.getHostAddress();
    }

    private static void checkName(String host) throws BadValueException {
        if (host.isEmpty()) {
            throw new BadValueException("has no host before its port");
        }
        if (DIGITS_AND_DOTS.matcher(host).matches() || host.indexOf(':') >= 0) {
            throw new BadValueException("holds no valid IP address");
        }
        if (!HOST_NAME.matcher(host).matches()) {
            throw new BadValueException("holds no valid host name");
        }
    }

    /** Host without brackets, and port. */
    private static String[] split(String text) throws BadValueException {
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            if (end < 0 || end + 1 >= text.length() || text.charAt(end + 1) != ':') {
                throw new BadValueException("needs a port behind the bracket, such as [::1]:8080");
            }
            String host = text.substring(1, end);
            if (host.indexOf(':') < 0 || literal(host) == null) {
                throw new BadValueException("holds no valid IPv6 address between its brackets");
            }
            return new String[] {host, text.substring(end + 2)};
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new BadValueException("needs a port, such as 127.0.0.1:8080");
        }
        if (text.indexOf(':') < colon) {
            throw new BadValueException(
                    "needs its IPv6 address in brackets", "[" + text.substring(0, colon) + "]" + text.substring(colon));
        }
        return new String[] {text.substring(0, colon), text.substring(colon + 1)};
    }

    private static @Nullable String meantListen(String text) {
        if (text.matches("[0-9]{1,5}")) {
            return "tcp://0.0.0.0:" + text;
        }
        if (text.matches(":[0-9]{1,5}")) {
            return "tcp://*" + text;
        }
        return text.matches("[^/ ]+:[0-9]{1,5}") ? "tcp://" + text : null;
    }

    private static InetAddress masked(InetAddress address, int length) {
        byte[] bytes = address.getAddress();
        for (int bit = length; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of " + bytes.length + " bytes", e);
        }
    }
}

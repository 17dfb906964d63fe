package io.marchproxy.l3l4.engine.listen;

import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.Locale;

/** Says in words for the user why an address can't be listened on. */
public final class BindFailure {
    private BindFailure() {}

    /** The exception for a failed bind. */
    public static ListenException explain(String protocol, ListenerSpec spec, Throwable cause) {
        return new ListenException("service " + spec.settings().name() + " can't listen on " + protocol + "://"
                + address(protocol, spec) + ": "
                + words(String.valueOf(cause.getMessage()), spec.address().getPort()));
    }

    /** With the {@code *} that stands in the configuration, where its meaning would puzzle its writer. */
    private static String address(String protocol, ListenerSpec spec) {
        InetSocketAddress address = spec.address();
        boolean everywhere = address.getAddress().isAnyLocalAddress()
                && spec.settings().listen().stream()
                        .anyMatch(listen -> listen.host().equals("*")
                                && listen.protocol().label().equals(protocol)
                                && listen.port() == address.getPort());
        return everywhere ? "*:" + address.getPort() : NetUtil.toSocketAddressString(address);
    }

    private static String words(String message, int port) {
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("address already in use")) {
            return "the port is taken by another program";
        }
        if (lower.contains("permission denied")) {
            return "no permission"
                    + (port < 1024
                            ? "; ports below 1024 need root, CAP_NET_BIND_SERVICE or a lower"
                                    + " net.ipv4.ip_unprivileged_port_start"
                            : "");
        }
        if (lower.contains("cannot assign requested address") || lower.contains("can't assign requested address")) {
            return "the address is not one of this machine's";
        }
        return message;
    }
}

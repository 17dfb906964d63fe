package io.marchproxy.l3l4.engine.listen;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;

/**
 * Sees that an address is nobody else's. Shards share a port by SO_REUSEPORT, and by the same option another process of this
 * user (a second proxy, an haproxy) would share it with them unnoticed, each getting a part of the clients. So the address is
 * bound once without the option, which fails if anyone has it, and given back.
 */
public final class PortGuard {
    private PortGuard() {}

    /**
     * Returns when nobody else has the address. Not for an address that this service itself listens on.
     *
     * @throws ListenException in words for the user, when it is taken or can't be bound
     */
    public static void requireFree(Protocol protocol, ListenerSpec spec) throws ListenException {
        InetSocketAddress address = spec.address();
        if (address.getPort() == 0) {
            return;
        }
        ProtocolFamily family = address.getAddress() instanceof Inet4Address
                ? StandardProtocolFamily.INET
                : StandardProtocolFamily.INET6;
        // A stream socket is bound but never listens, so no client can end up in it.
        try (NetworkChannel trial =
                protocol == Protocol.TCP ? SocketChannel.open(family) : DatagramChannel.open(family)) {
            if (protocol == Protocol.TCP) {
                // Connections of a former run in TIME_WAIT are no hindrance.
                trial.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            }
            trial.bind(address);
        } catch (IOException e) {
            throw BindFailure.explain(protocol.label(), spec, e);
        }
    }
}

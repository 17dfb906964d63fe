package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings.Version;
import io.netty.channel.Channel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Writes the PROXY protocol header that a connection to a backend begins with. */
final class ProxyHeader {
    private ProxyHeader() {}

    /** Writes the header, if one is wanted, without flushing. */
    static void send(Channel backend, Version version, ClientAddress client) {
        if (version == Version.NONE) {
            return;
        }
        InetAddress from = client.source().getAddress();
        InetAddress to = client.destination().getAddress();
        boolean four = from instanceof Inet4Address && to instanceof Inet4Address;
        HAProxyMessage header = new HAProxyMessage(
                version == Version.V1 ? HAProxyProtocolVersion.V1 : HAProxyProtocolVersion.V2,
                HAProxyCommand.PROXY,
                four ? HAProxyProxiedProtocol.TCP4 : HAProxyProxiedProtocol.TCP6,
                text(from, four),
                text(to, four),
                client.source().getPort(),
                client.destination().getPort());
        backend.pipeline().addFirst(HAProxyMessageEncoder.INSTANCE);
        backend.write(header);
        backend.pipeline().remove(HAProxyMessageEncoder.INSTANCE);
    }

    /** In a pair of families, the IPv4 address is written as IPv4-mapped (RFC 4291, 2.5.5.2). */
    private static String text(InetAddress address, boolean four) {
        String text = address.getHostAddress();
        if (!four && address instanceof Inet4Address) {
            return "::ffff:" + text;
        }
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}

package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings.Version;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Writes the PROXY protocol header that a connection to a backend begins with (haproxy's proxy-protocol.txt). */
final class ProxyHeader {
    private ProxyHeader() {}

    /** Sends the header, if one is wanted, before anything else. */
    static void send(Writer toBackend, Version version, ClientAddress client) {
        if (version == Version.NONE) {
            return;
        }
        boolean four = client.isIpv4() && client.destination().getAddress() instanceof Inet4Address;
        HAProxyMessage header = new HAProxyMessage(
                version == Version.V1 ? HAProxyProtocolVersion.V1 : HAProxyProtocolVersion.V2,
                HAProxyCommand.PROXY,
                four ? HAProxyProxiedProtocol.TCP4 : HAProxyProxiedProtocol.TCP6,
                text(client.source().getAddress(), four),
                text(client.destination().getAddress(), four),
                client.source().getPort(),
                client.destination().getPort());
        EmbeddedChannel encoder = new EmbeddedChannel(HAProxyMessageEncoder.INSTANCE);
        encoder.writeOutbound(header);
        ByteBuf encoded = encoder.readOutbound();
        toBackend.begin(encoded);
        encoded.release();
        encoder.finishAndReleaseAll();
    }

    /** Literal as RFC 5952 has it; in a pair of families, IPv4 as the IPv6 address that it maps to (RFC 4291, 2.5.5.2). */
    private static String text(InetAddress address, boolean four) {
        String text = NetUtil.toAddressString(address);
        if (!four && address instanceof Inet4Address) {
            return "::ffff:" + text;
        }
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}

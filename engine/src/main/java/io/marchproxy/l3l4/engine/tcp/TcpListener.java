package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.listen.BindFailure;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Accepts connections on one address for one shard. */
final class TcpListener implements Listener {
    private static final long CLOSE_WAIT_MS = TimeUnit.SECONDS.toMillis(5);

    private final ShardContext shard;
    private final TcpShard relay;
    private final Admission admission;
    private final AcceptPauses pauses;
    private final ServerSocketChannel channel;
    private volatile ListenerSpec spec;

    private TcpListener(ShardContext shard, TcpShard relay, ListenerSpec spec, Admission admission, AcceptPauses pauses)
            throws ListenException {
        this.shard = shard;
        this.relay = relay;
        this.admission = admission;
        this.pauses = pauses;
        this.spec = spec;
        this.channel = bind(spec);
    }

    /**
     * Binds without accepting yet.
     *
     * @throws ListenException when the address can't be listened on
     */
    static TcpListener open(
            ShardContext shard, TcpShard relay, ListenerSpec spec, Admission admission, AcceptPauses pauses)
            throws ListenException {
        return new TcpListener(shard, relay, spec, admission, pauses);
    }

    private ServerSocketChannel bind(ListenerSpec wanted) throws ListenException {
        ChannelFuture binding = new ServerBootstrap()
                .group(shard.loop())
                .channelFactory(Channels.servers(shard.transport(), wanted.address()))
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(Channels.reusePort(shard.transport()), true)
                .option(ChannelOption.SO_BACKLOG, wanted.settings().backlog())
                .handler(new AcceptErrors())
                .childHandler(new Accepted())
                .bind(wanted.address())
                .awaitUninterruptibly();
        if (!binding.isSuccess()) {
            throw BindFailure.explain("tcp", wanted, binding.cause());
        }
        return (ServerSocketChannel) binding.channel();
    }

    @Override
    public InetSocketAddress address() {
        return channel.localAddress();
    }

    @Override
    public void start() {
        channel.config().setAutoRead(true);
    }

    @Override
    public void update(ServiceSettings settings) {
        spec = new ListenerSpec(spec.listener(), spec.service(), spec.address(), settings);
        admission.update(settings);
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly(CLOSE_WAIT_MS);
    }

    private void accepted(SocketChannel client) {
        ListenerSpec now = spec;
        TcpConnection connection = new TcpConnection(shard, relay, now, admission, client);
        relay.add(connection);
        relay.configure(client.config(), now.settings());
        client.pipeline().addLast(new Reader(connection, io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND));
        if (now.settings().proxyProtocol().accept() == ProxyProtocolSettings.Version.NONE) {
            connection.open(new ClientAddress(client.remoteAddress(), client.localAddress()), null);
        } else {
            ProxyHeaderReader.install(client, connection, now.settings().proxyProtocol());
        }
    }

    /** Runs for each accepted socket, once it is registered with the loop and active. */
    private final class Accepted extends ChannelInboundHandlerAdapter {
        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            Channel child = context.channel();
            context.pipeline().remove(this);
            if (child instanceof SocketChannel client && client.remoteAddress() != null) {
                accepted(client);
            } else {
                child.close();
            }
            shard.ingress().settle();
        }
    }

    /** Sees errors of accept itself, of which running out of descriptors is the one to live through; Netty then pauses a second. */
    private final class AcceptErrors extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            pauses.paused(spec.settings().name(), cause, shard.ingress().nowNs());
            context.fireExceptionCaught(cause);
        }
    }
}

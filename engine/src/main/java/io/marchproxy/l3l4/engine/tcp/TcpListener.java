package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.listen.BindFailure;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on one address for one shard. */
final class TcpListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(TcpListener.class);
    private static final long CLOSE_WAIT_MS = TimeUnit.SECONDS.toMillis(5);

    private final TcpShard shard;
    private final Admission admission;
    private final ServerSocketChannel channel;
    private final AcceptPause pause;
    private final DescriptorBudget budget;
    private final WaitingRoom waiting;
    private final PortProbe ports;
    private volatile ListenerSpec spec;

    /**
     * Binds without accepting yet. Not on the event loop's thread.
     *
     * @throws ListenException when the address can't be listened on
     */
    TcpListener(
            TcpShard shard,
            ListenerSpec spec,
            Admission admission,
            AcceptPauses pauses,
            DescriptorBudget budget,
            PortProbe ports)
            throws ListenException {
        try {
            ports.opening(spec.address());
        } catch (IOException e) {
            throw BindFailure.explain("tcp", spec, e);
        }
        this.shard = shard;
        this.ports = ports;
        this.admission = admission;
        this.spec = spec;
        this.channel = Channels.listening(shard.transport(), spec.address());
        this.budget = budget;
        this.waiting = new WaitingRoom(shard.loop(), budget, this::admit);
        this.pause = new AcceptPause(channel, pauses, spec.settings().name(), () -> !waiting.isEmpty());
        ServerSocketChannelConfig config = channel.config();
        config.setAutoRead(false);
        config.setReuseAddress(true);
        config.setOption(Channels.reusePort(shard.transport()), true);
        config.setOption(ChannelOption.SO_BACKLOG, spec.settings().backlog());
        channel.pipeline().addLast(new Acceptor());
        ChannelFuture registered = shard.loop().register(channel).awaitUninterruptibly();
        ChannelFuture bound =
                registered.isSuccess() ? channel.bind(spec.address()).awaitUninterruptibly() : registered;
        if (!bound.isSuccess()) {
            channel.close().awaitUninterruptibly(CLOSE_WAIT_MS);
            throw BindFailure.explain("tcp", spec, bound.cause());
        }
        ports.opened(address().getPort());
    }

    @Override
    public InetSocketAddress address() {
        return channel.localAddress();
    }

    @Override
    public int descriptor() {
        return channel instanceof UnixChannel unix ? unix.fd().intValue() : -1;
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
        if (channel.isOpen()) {
            ports.closed(address().getPort());
        }
        channel.close().awaitUninterruptibly(CLOSE_WAIT_MS);
    }

    private void accepted(SocketChannel client) {
        TcpConnection connection = new TcpConnection(shard, spec, admission, client);
        shard.configure(client, connection.fromClient(), connection.settings());
        client.pipeline().addLast(connection.fromClient());
        shard.loop().register(client).addListener(registered -> {
            if (registered.isSuccess() && client.isActive() && isOurs(client.remoteAddress())) {
                arrived(connection);
            } else {
                connection.abort(false);
            }
            shard.ingress().settle();
        });
    }

    private void arrived(TcpConnection connection) {
        if (waiting.isEmpty() && budget.tryTake()) {
            connection.holds(budget);
            pause.accepted();
            begin(connection);
        } else {
            pause.pause("as many connections stand as the limit of file descriptors carries");
            waiting.enter(connection);
        }
    }

    /** A client's turn has come in the waiting room. */
    private void admit(TcpConnection connection) {
        connection.holds(budget);
        begin(connection);
        shard.ingress().settle();
    }

    /**
     * Whether a client (null when it is gone already) came by the family that is listened on. Netty's io_uring sockets are
     * IPv6 ones, and bound to 0.0.0.0 they take both.
     */
    private boolean isOurs(@Nullable InetSocketAddress client) {
        return client != null
                && (client.getAddress() instanceof Inet4Address
                        || !(spec.address().getAddress() instanceof Inet4Address));
    }

    private static void begin(TcpConnection connection) {
        ProxyProtocolSettings proxyProtocol = connection.settings().proxyProtocol();
        if (!connection.enter()) {
            connection.refuse(DropReason.CONNECTION_CAP);
        } else if (proxyProtocol.accept() == ProxyProtocolSettings.Version.NONE) {
            connection.open(connection.socketAddresses());
        } else {
            ProxyHeaderReader.install(connection, proxyProtocol);
        }
    }

    private final class Acceptor extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            SocketChannel client = (SocketChannel) message;
            try {
                accepted(client);
            } catch (RuntimeException e) {
                client.unsafe().closeForcibly();
                throw e;
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            shard.ingress().settle();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (!(cause instanceof IOException)) {
                LOG.warn("a connection was not accepted because of an unexpected error", cause);
            }
            pause.failed(cause);
        }
    }
}

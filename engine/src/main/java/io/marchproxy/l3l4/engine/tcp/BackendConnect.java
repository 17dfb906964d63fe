package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import java.util.concurrent.TimeUnit;

/** One try to connect a client's connection to a backend. Event loop's thread. */
final class BackendConnect {
    private static final long MILLISECOND_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final TcpConnection connection;
    private final TcpShard shard;
    private final BackendTarget target;
    private final SocketChannel channel;

    private BackendConnect(TcpConnection connection, TcpShard shard, BackendTarget target, SocketChannel channel) {
        this.connection = connection;
        this.shard = shard;
        this.target = target;
        this.channel = channel;
    }

    /**
     * Starts a try; its outcome is told to the connection, perhaps before this returns.
     *
     * @param leftNs of the time for all tries
     */
    static void start(TcpConnection connection, TcpShard shard, BackendTarget target, long leftNs) {
        SocketChannel channel;
        try {
            channel = Channels.toBackend(shard.transport(), target.address());
        } catch (ChannelException e) {
            connection.connectFailed(target.index(), ConnectFailure.errno(e));
            return;
        }
        connection.prepare(channel);
        long tryNs = connection.settings().connect().timeout().toNanos();
        long timeoutMs = Math.ceilDiv(Math.clamp(leftNs, 1, tryNs), MILLISECOND_NS);
        channel.config().setOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeoutMs);
        BackendConnect connect = new BackendConnect(connection, shard, target, channel);
        shard.loop().register(channel).addListener(registered -> connect.registered(registered.isSuccess()));
    }

    private void registered(boolean success) {
        if (connection.isOver()) {
            channel.close();
            return;
        }
        ChannelFuture outcome = success
                ? channel.connect(target.address())
                : channel.newFailedFuture(new ChannelException("the event loop took no channel"));
        outcome.addListener(done -> finished(outcome));
    }

    private void finished(ChannelFuture outcome) {
        if (outcome.isSuccess()) {
            connection.connected();
        } else {
            channel.close();
            connection.connectFailed(target.index(), ConnectFailure.errno(outcome.cause()));
        }
        shard.ingress().settle();
    }
}

package io.marchproxy.l3l4.engine.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listening socket by java.nio. */
final class NioListeningSocket implements ListeningSocket {
    private static final Logger LOG = LoggerFactory.getLogger(NioListeningSocket.class);

    private final NioSockets sockets;
    private final ServerSocketChannel channel;
    private final InetSocketAddress address;
    private @Nullable NioInterest interest;

    NioListeningSocket(NioSockets sockets, ServerSocketChannel channel, InetSocketAddress address) {
        this.sockets = sockets;
        this.channel = channel;
        this.address = address;
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public void watch(Runnable clientsWait) throws IOException {
        interest = new NioInterest(sockets.loop(), channel, SelectionKey.OP_ACCEPT, ready -> clientsWait.run());
    }

    @Override
    public @Nullable StreamSocket accept() throws IOException {
        SocketChannel client = channel.accept();
        if (client != null) {
            return new NioStreamSocket(sockets, client, (InetSocketAddress) client.getRemoteAddress());
        }
        NioInterest waiting = interest;
        if (waiting != null) {
            waiting.await(SelectionKey.OP_ACCEPT);
        }
        return null;
    }

    /** The JDK gives the address back when the selector turns next. */
    @Override
    public void close(Runnable afterwards) {
        NioInterest waiting = interest;
        if (waiting != null) {
            waiting.end();
        }
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing {}: {}", address, e.toString());
        }
        afterwards.run();
    }
}

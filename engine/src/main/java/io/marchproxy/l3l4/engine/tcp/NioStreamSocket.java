package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket by java.nio. It tells of a reset only when it is read or written. */
final class NioStreamSocket implements StreamSocket {
    private static final Logger LOG = LoggerFactory.getLogger(NioStreamSocket.class);
    private static final int DSCP_SHIFT = 2;

    private final NioSockets sockets;
    private final SocketChannel channel;
    private final InetSocketAddress remote;
    private @Nullable NioInterest interest;
    private boolean isClosed;

    /** Takes a channel over. */
    NioStreamSocket(NioSockets sockets, SocketChannel channel, InetSocketAddress remote) throws IOException {
        this.sockets = sockets;
        this.channel = channel;
        this.remote = remote;
        channel.configureBlocking(false);
        sockets.open().opened();
    }

    @Override
    public void watch(FdReadiness.Watcher watcher) throws IOException {
        int ops = channel.isConnectionPending() ? SelectionKey.OP_CONNECT : SelectionKey.OP_READ;
        interest = new NioInterest(sockets.loop(), channel, ops, ready -> {
            boolean isReadable = (ready & SelectionKey.OP_READ) != 0;
            boolean isWritable = (ready & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0;
            watcher.ready((isReadable ? FdReadiness.READABLE : 0) | (isWritable ? FdReadiness.WRITABLE : 0));
        });
    }

    @Override
    public int connect(InetSocketAddress address) {
        try {
            return channel.connect(address) ? 0 : -Errno.EINPROGRESS;
        } catch (IOException e) {
            return -ConnectFailure.errno(e);
        }
    }

    @Override
    public int connectOutcome() {
        try {
            if (!channel.finishConnect()) {
                await(SelectionKey.OP_CONNECT);
                return -Errno.EINPROGRESS;
            }
            await(SelectionKey.OP_READ);
            return 0;
        } catch (IOException e) {
            return -ConnectFailure.errno(e);
        }
    }

    @Override
    public int read(Chunk into, int most) {
        try {
            int received = channel.read(into.room(most));
            into.filled(Math.max(received, 0));
            if (received >= 0 && received < most) {
                await(SelectionKey.OP_READ);
            }
            return received == 0 ? -Errno.EAGAIN : Math.max(received, 0);
        } catch (IOException e) {
            into.filled(0);
            return -Errno.ECONNRESET;
        }
    }

    @Override
    public int write(Chunk from) {
        try {
            int length = from.length();
            int sent = channel.write(from.bytes());
            from.took(sent);
            if (sent < length) {
                await(SelectionKey.OP_WRITE);
            }
            return sent == 0 ? -Errno.EAGAIN : sent;
        } catch (IOException e) {
            return -Errno.EPIPE;
        }
    }

    @Override
    public int descriptor() {
        return NO_DESCRIPTOR;
    }

    @Override
    public int takeError() {
        return 0;
    }

    @Override
    public int shutdownOutput() {
        try {
            channel.shutdownOutput();
            return 0;
        } catch (IOException e) {
            return -Errno.EPIPE;
        }
    }

    @Override
    public void noDelay(boolean on) {
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, on);
        } catch (IOException e) {
            LOG.debug("TCP_NODELAY of {}: {}", remote, e.toString());
        }
    }

    @Override
    public boolean mark(int codePoint) {
        try {
            channel.setOption(StandardSocketOptions.IP_TOS, codePoint << DSCP_SHIFT);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public int ingressDscp() {
        return 0;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public InetSocketAddress localAddress() {
        try {
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            return new InetSocketAddress(0);
        }
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            NioInterest waiting = interest;
            if (waiting != null) {
                waiting.end();
            }
            try {
                channel.close();
            } catch (IOException e) {
                LOG.debug("closing {}: {}", remote, e.toString());
            }
            sockets.open().closed();
        }
    }

    @Override
    public void reset() {
        if (!isClosed) {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                LOG.debug("SO_LINGER of {}: {}", remote, e.toString());
            }
            close();
        }
    }

    private void await(int ops) {
        NioInterest waiting = interest;
        if (waiting != null) {
            waiting.await(ops);
        }
    }
}

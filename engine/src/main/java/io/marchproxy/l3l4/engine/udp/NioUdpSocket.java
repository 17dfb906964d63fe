package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket by java.nio, for where neither io_uring nor epoll is to be had.
 *
 * <p>Its limits: on a wildcard address the kernel chooses the address that answers come from; code points are set per
 * session's socket and not towards clients; of ICMP errors only a refused port is told; it allocates per datagram.
 */
final class NioUdpSocket extends UdpSocket {
    private static final Logger LOG = LoggerFactory.getLogger(NioUdpSocket.class);

    private final ShardContext shard;
    private final NioReceiver receiver;
    private final OpenSockets open;
    private final DatagramChannel channel;
    private final InetSocketAddress address;
    private @Nullable IoRegistration registration;
    private @Nullable DatagramHandler handler;
    private int tos;
    private boolean isClosed;

    NioUdpSocket(
            ShardContext shard,
            NioReceiver receiver,
            OpenSockets open,
            DatagramChannel channel,
            InetSocketAddress address) {
        this.shard = shard;
        this.receiver = receiver;
        this.open = open;
        this.channel = channel;
        this.address = address;
        open.add(this);
    }

    DatagramChannel channel() {
        return channel;
    }

    @Override
    InetSocketAddress address() {
        return address;
    }

    /** Sets code point and ECN field of all that follows, if they are others than before. Egress thread. */
    void mark(int wanted) throws IOException {
        if (wanted != tos) {
            tos = wanted;
            channel.setOption(StandardSocketOptions.IP_TOS, wanted);
        }
    }

    /** A send met the error of an earlier datagram, which the reader will not see. Egress thread. */
    void refused() {
        DatagramHandler reader = handler;
        if (reader != null) {
            shard.loop().execute(() -> reader.failed(Errno.ECONNREFUSED));
        }
    }

    @Override
    void read(DatagramHandler reader) throws IOException {
        if (isClosed) {
            return;
        }
        handler = reader;
        IoRegistration granted =
                ((IoEventLoop) shard.loop()).register(new Handle()).getNow();
        if (granted == null) {
            throw new IOException("the event loop does not take a channel");
        }
        registration = granted;
        granted.submit(NioIoOps.READ);
    }

    private void ready(DatagramHandler reader) {
        try {
            for (int left = receiver.readsPerTurn(); left > 0 && !isClosed; left--) {
                if (!receive(reader)) {
                    return;
                }
            }
        } catch (ClosedChannelException e) {
            LOG.debug("{} was closed", address);
        } catch (IOException e) {
            LOG.debug("reading {}: {}", address, e.toString());
        }
    }

    private boolean receive(DatagramHandler reader) throws IOException {
        try {
            int received = receiver.receive(channel, address);
            if (received > 0) {
                receiver.deliver(received, reader);
            }
            return received > 0;
        } catch (PortUnreachableException e) {
            reader.failed(Errno.ECONNREFUSED);
            return true;
        }
    }

    @Override
    void deafen() {
        LOG.warn(
                "udp {}: with NIO a listener that was replaced takes its clients' datagrams until its sessions end",
                address);
    }

    @Override
    void close() {
        if (!isClosed) {
            IoRegistration granted = registration;
            if (granted != null) {
                granted.cancel();
            }
            abandon();
        }
    }

    @Override
    void abandon() {
        isClosed = true;
        open.remove(this);
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing {}: {}", address, e.toString());
        }
    }

    private final class Handle extends NioSelectableChannelIoHandle<DatagramChannel> {
        Handle() {
            super(channel);
        }

        @Override
        protected void handle(DatagramChannel source, SelectionKey key) {
            DatagramHandler reader = handler;
            if (reader != null) {
                ready(reader);
            }
        }

        /** The loop ends; the channel is closed by its owner. */
        @Override
        public void close() {
            IoRegistration granted = registration;
            if (granted != null) {
                granted.cancel();
            }
        }
    }

    /** Opens sockets. */
    static final class Factory implements UdpSocketFactory {
        private final ShardContext shard;
        private final NioReceiver receiver;
        private final OpenSockets open;
        private final UdpOptions options;

        Factory(ShardContext shard, NioReceiver receiver, OpenSockets open, UdpOptions options) {
            this.shard = shard;
            this.receiver = receiver;
            this.open = open;
            this.options = options;
        }

        @Override
        public NioUdpSocket bound(InetSocketAddress wanted) throws IOException {
            DatagramChannel channel = create(wanted.getAddress(), options.receiveBufferBytes());
            try {
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
                channel.bind(wanted);
                return new NioUdpSocket(shard, receiver, open, channel, (InetSocketAddress) channel.getLocalAddress());
            } catch (IOException e) {
                channel.close();
                throw new IOException("binding udp " + wanted + " failed: " + e.getMessage(), e);
            }
        }

        @Override
        public NioUdpSocket connected(InetSocketAddress backend) throws IOException {
            DatagramChannel channel = create(backend.getAddress(), options.sessionBufferBytes());
            try {
                channel.connect(backend);
                return new NioUdpSocket(shard, receiver, open, channel, backend);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }

        private static DatagramChannel create(InetAddress host, int bufferBytes) throws IOException {
            ProtocolFamily family =
                    host instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
            DatagramChannel channel = DatagramChannel.open(family);
            try {
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
                channel.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
                return channel;
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }
    }
}

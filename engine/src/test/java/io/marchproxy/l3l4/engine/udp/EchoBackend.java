package io.marchproxy.l3l4.engine.udp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Sends every datagram back to where it came from, some times over. */
final class EchoBackend implements AutoCloseable {
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int LONGEST = 1 << 16;

    private final DatagramChannel channel;
    private final Selector selector;
    private final int times;
    private final AtomicLong received = new AtomicLong();
    private final Set<SocketAddress> senders = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private volatile boolean isRunning = true;

    EchoBackend(String host, int times) throws IOException {
        this.times = times;
        channel = DatagramChannel.open(
                host.indexOf(':') < 0 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
        channel.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
        channel.configureBlocking(false);
        selector = Selector.open();
        channel.register(selector, SelectionKey.OP_READ);
        thread = Thread.ofPlatform().name("echo").daemon().start(this::run);
    }

    EchoBackend() throws IOException {
        this("127.0.0.1", 1);
    }

    int port() {
        return channel.socket().getLocalPort();
    }

    long received() {
        return received.get();
    }

    /** How many sockets wrote to it. */
    int senders() {
        return senders.size();
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);
        try {
            while (isRunning) {
                buffer.clear();
                SocketAddress sender = channel.receive(buffer);
                if (sender == null) {
                    selector.select();
                    selector.selectedKeys().clear();
                    continue;
                }
                received.incrementAndGet();
                senders.add(sender);
                buffer.flip();
                for (int i = 0; i < times; i++) {
                    channel.send(buffer.duplicate(), sender);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        isRunning = false;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        selector.close();
        channel.close();
    }
}

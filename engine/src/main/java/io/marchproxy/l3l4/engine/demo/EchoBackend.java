package io.marchproxy.l3l4.engine.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A backend of the demonstration on one port of the loopback, for TCP and UDP, on a thread of its own. A connection is greeted
 * with the backend's number as one byte, then gets back what it sends; a datagram comes back with its first byte replaced by
 * that number.
 */
final class EchoBackend implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int UDP_BUFFER_BYTES = 4 * 1024 * 1024;
    private static final int MOST_TRIES = 20;

    private final int number;
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final DatagramChannel datagrams;
    private final ByteBuffer datagram = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ArrayDeque<ByteBuffer> freeBuffers = new ArrayDeque<>();
    private final Thread thread;

    /** When it began to close its sockets, by {@link System#nanoTime()}; 0 while it lives. */
    private volatile long killedNs;

    private EchoBackend(int number, ServerSocketChannel listener, DatagramChannel datagrams) throws IOException {
        this.number = number;
        this.listener = listener;
        this.datagrams = datagrams;
        selector = Selector.open();
        register(listener, SelectionKey.OP_ACCEPT, null);
        register(datagrams, SelectionKey.OP_READ, null);
        thread = Thread.ofPlatform()
                .name("demo-backend-" + (char) ('A' + number))
                .daemon()
                .unstarted(this::loop);
    }

    /** Opens a free port for both protocols and answers from then on. */
    static EchoBackend start(int number) throws IOException {
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        for (int attempt = 1; ; attempt++) {
            ServerSocketChannel listener = ServerSocketChannel.open();
            DatagramChannel datagrams = DatagramChannel.open();
            try {
                listener.bind(new InetSocketAddress(loopback, 0), 1024);
                datagrams.setOption(StandardSocketOptions.SO_RCVBUF, UDP_BUFFER_BYTES);
                datagrams.bind(listener.getLocalAddress());
                EchoBackend backend = new EchoBackend(number, listener, datagrams);
                backend.thread.start();
                return backend;
            } catch (IOException e) {
                // The port that TCP got was taken for UDP: another one will do.
                listener.close();
                datagrams.close();
                if (attempt == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    int number() {
        return number;
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    long killedNs() {
        return killedNs;
    }

    /** Dies as a process does: the kernel closes every socket, nobody says goodbye. Returns when it is dead. */
    void kill() throws InterruptedException {
        killedNs = System.nanoTime();
        selector.wakeup();
        thread.join();
    }

    @Override
    public void close() {
        try {
            kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (killedNs == 0) {
                selector.select(this::serve);
            }
        } catch (IOException | ClosedSelectorException e) {
            throw new IllegalStateException("a backend of the demonstration failed", e);
        } finally {
            closeAll();
        }
    }

    private void serve(SelectionKey key) {
        try {
            if (key.channel().equals(listener)) {
                accept();
            } else if (key.channel().equals(datagrams)) {
                echoDatagrams();
            } else {
                echo(key);
            }
        } catch (IOException _) {
            // That peer is gone; the others go on.
            end(key);
        }
    }

    private void accept() throws IOException {
        SocketChannel peer;
        while ((peer = listener.accept()) != null) {
            try {
                greet(peer);
            } catch (IOException _) {
                // A health probe connects and resets at once.
                peer.close();
            }
        }
    }

    private void greet(SocketChannel peer) throws IOException {
        peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
        ByteBuffer free = freeBuffers.poll();
        ByteBuffer buffer = free != null ? free : ByteBuffer.allocateDirect(BUFFER_BYTES);
        register(peer, SelectionKey.OP_READ, buffer);
        buffer.clear().put((byte) number).flip();
        peer.write(buffer);
        buffer.compact();
    }

    private void echo(SelectionKey key) throws IOException {
        SocketChannel peer = (SocketChannel) key.channel();
        ByteBuffer buffer = (ByteBuffer) key.attachment();
        int read = buffer.hasRemaining() ? peer.read(buffer) : 0;
        buffer.flip();
        peer.write(buffer);
        boolean all = !buffer.hasRemaining();
        buffer.compact();
        if (read < 0 && all) {
            end(key);
        } else if (read < 0 || !buffer.hasRemaining()) {
            key.interestOps(SelectionKey.OP_WRITE);
        } else {
            key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    private void end(SelectionKey key) {
        closeQuietly(key.channel());
        if (key.attachment() instanceof ByteBuffer buffer) {
            freeBuffers.push(buffer);
        }
    }

    private void echoDatagrams() throws IOException {
        SocketAddress from;
        while ((from = datagrams.receive(datagram.clear())) != null) {
            datagram.flip();
            datagram.put(0, (byte) number);
            datagrams.send(datagram, from);
        }
    }

    private void register(SelectableChannel channel, int operations, @Nullable Object attachment) throws IOException {
        channel.configureBlocking(false);
        channel.register(selector, operations, attachment);
    }

    private void closeAll() {
        for (SelectionKey key : new ArrayList<>(selector.keys())) {
            closeQuietly(key.channel());
        }
        closeQuietly(selector);
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception _) {
            // It is to be gone, and it is.
        }
    }
}

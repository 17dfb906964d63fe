package io.marchproxy.l3l4.engine.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend whose behaviour towards each connection is the test's. */
final class TestBackend implements AutoCloseable {
    /** What it does with a connection, on a thread of its own; the socket is closed when it returns. */
    interface Behaviour {
        void serve(Socket connection) throws Exception;
    }

    private final ServerSocket server;
    private final AtomicInteger accepted = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Queue<Socket> open = new ConcurrentLinkedQueue<>();

    TestBackend(Behaviour behaviour) throws IOException {
        this("127.0.0.1", behaviour);
    }

    TestBackend(String host, Behaviour behaviour) throws IOException {
        // A channel's socket, so that a behaviour may drive its connection without blocking.
        server = ServerSocketChannel.open().socket();
        server.setReceiveBufferSize(TcpRig.RECEIVE_BUFFER);
        server.bind(new InetSocketAddress(TcpRig.literal(host), 0), 1024);
        Thread.ofVirtual().start(() -> accept(behaviour));
    }

    /** Sends back what it gets, and its own FIN behind the client's. */
    static void echo(Socket connection) throws IOException {
        InputStream in = connection.getInputStream();
        OutputStream out = connection.getOutputStream();
        in.transferTo(out);
    }

    int port() {
        return server.getLocalPort();
    }

    int accepted() {
        return accepted.get();
    }

    /** What behaviours threw. */
    Queue<Throwable> failures() {
        return failures;
    }

    private void accept(Behaviour behaviour) {
        try {
            while (true) {
                Socket connection = server.accept();
                accepted.incrementAndGet();
                open.add(connection);
                Thread.ofVirtual().start(() -> serve(behaviour, connection));
            }
        } catch (IOException e) {
            // closed by the test
        }
    }

    private void serve(Behaviour behaviour, Socket connection) {
        try (connection) {
            connection.setSoTimeout((int) TcpRig.PATIENCE.toMillis());
            behaviour.serve(connection);
        } catch (Exception | AssertionError e) {
            failures.add(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket connection : open) {
            connection.close();
        }
    }
}

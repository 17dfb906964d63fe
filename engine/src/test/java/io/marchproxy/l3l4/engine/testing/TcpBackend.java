package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP server whose behaviour a test states in a few lines; each connection has a virtual thread. */
public final class TcpBackend implements AutoCloseable {

    /** What the server does with a connection; it is closed afterwards. */
    @FunctionalInterface
    public interface Behaviour {
        void serve(Socket connection) throws IOException;
    }

    private final ServerSocket listener;
    private final Behaviour behaviour;
    private final Set<Socket> live = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private TcpBackend(ServerSocket listener, Behaviour behaviour) {
        this.listener = listener;
        this.behaviour = behaviour;
        Thread.ofVirtual().name("backend-" + listener.getLocalPort()).start(this::accept);
    }

    /** Serves on 127.0.0.1. */
    public static TcpBackend serving(Behaviour behaviour) {
        return serving(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), behaviour);
    }

    /** Serves on an address, port 0 for a free one. */
    public static TcpBackend serving(InetSocketAddress address, Behaviour behaviour) {
        try {
            ServerSocket listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(address, 4_096);
            return new TcpBackend(listener, behaviour);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on " + address, e);
        }
    }

    /** Sends back what comes, and ends its side when the client ends its own. */
    public static TcpBackend echo() {
        return serving(TcpBackend::echo);
    }

    /** The behaviour of {@link #echo()}. */
    public static void echo(Socket connection) throws IOException {
        connection.setTcpNoDelay(true);
        OutputStream out = connection.getOutputStream();
        connection.getInputStream().transferTo(out);
        connection.shutdownOutput();
    }

    /** Greets each connection with a name, then echoes: shows which backend serves. */
    public static TcpBackend greeting(String name) {
        return serving(connection -> {
            connection.getOutputStream().write((name + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            echo(connection);
        });
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = listener.accept();
                accepted.incrementAndGet();
                live.add(connection);
                Thread.startVirtualThread(() -> serve(connection));
            }
        } catch (IOException e) {
            if (!listener.isClosed()) {
                failures.add(e);
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            behaviour.serve(connection);
        } catch (IOException | RuntimeException | AssertionError e) {
            failures.add(e);
        } finally {
            live.remove(connection);
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    public InetAddress address() {
        return listener.getInetAddress();
    }

    /** Connections accepted until now. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections being served. */
    public int live() {
        return live.size();
    }

    /** What went wrong while serving. */
    public Queue<Throwable> failures() {
        return failures;
    }

    @Override
    public void close() {
        die();
    }

    /** Closes its listener and all connections: the kernel refuses from now on. */
    public void die() {
        try {
            listener.close();
            for (Socket connection : live) {
                connection.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

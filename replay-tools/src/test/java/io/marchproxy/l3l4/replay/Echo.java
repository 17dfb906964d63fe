package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A backend that sends back what it gets, by TCP and by UDP on one port; it can die and come back. */
final class Echo implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final int port;
    private final ServerSocket server;
    private final DatagramSocket datagrams;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    Echo(int wanted) throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        ServerSocket streams = null;
        DatagramSocket found = null;
        while (streams == null || found == null) {
            ServerSocket tried = new ServerSocket();
            try {
                tried.setReuseAddress(true);
                tried.bind(new InetSocketAddress(loopback, wanted), 256);
                found = new DatagramSocket(new InetSocketAddress(loopback, tried.getLocalPort()));
                streams = tried;
            } catch (BindException e) {
                // The kernel gave its number to a client's socket, which does not live for long.
                tried.close();
                assertTrue(System.nanoTime() < deadline, () -> "port " + wanted + " is not to be had: " + e);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
        }
        server = streams;
        port = server.getLocalPort();
        datagrams = found;
        Thread.ofVirtual().start(this::accept);
        Thread.ofPlatform().daemon().start(this::answer);
    }

    int port() {
        return port;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> echo(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            // The other side is gone.
        } finally {
            open.remove(socket);
        }
    }

    private void answer() {
        byte[] buffer = new byte[2048];
        while (!datagrams.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                datagrams.receive(packet);
                datagrams.send(packet);
            } catch (IOException e) {
                // Closed, or the asker is gone.
            }
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            datagrams.close();
            for (Socket socket : open) {
                reset(socket);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void reset(Socket socket) throws IOException {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException e) {
            // It has just ended by itself.
        }
        socket.close();
    }
}

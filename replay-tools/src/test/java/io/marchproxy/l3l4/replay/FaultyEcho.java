package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A backend that answers a byte, or a datagram, with its own name and what came; and that fails in whichever way is wanted. */
final class FaultyEcho implements AutoCloseable {
    private static final int BACKLOG = 4096;
    private static final long SLOW_NS = TimeUnit.MILLISECONDS.toNanos(250);

    enum Mode {
        NORMAL,
        /** Connections are reset when the first byte has come. */
        RESETTING,
        /** Each answer takes a quarter of a second. */
        SLOW,
        /** The kernel takes connections and datagrams, and nobody looks at them: what SIGSTOP makes of a process. */
        FROZEN
    }

    private final byte name;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.NORMAL;
    private volatile CountDownLatch thawed = new CountDownLatch(0);
    private ServerSocket server;
    private DatagramSocket datagrams;

    FaultyEcho(char name, int port) throws IOException {
        this.name = (byte) name;
        this.port = port;
        server = new ServerSocket();
        datagrams = new DatagramSocket(null);
        listen();
    }

    void mode(Mode wanted) {
        if (wanted == Mode.FROZEN) {
            thawed = new CountDownLatch(1);
        }
        mode = wanted;
        if (wanted != Mode.FROZEN) {
            thawed.countDown();
        }
    }

    /** It is gone: from now on the kernel refuses, and what was open is closed. */
    void die() throws IOException {
        server.close();
        datagrams.close();
        for (Socket each : open) {
            each.close();
        }
    }

    /** Is there again, on the same port. */
    void comeBack() throws IOException {
        server = new ServerSocket();
        datagrams = new DatagramSocket(null);
        listen();
    }

    private void listen() throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        server.setReuseAddress(true);
        server.bind(address, BACKLOG);
        datagrams.bind(address);
        ServerSocket streams = server;
        DatagramSocket packets = datagrams;
        Thread.ofPlatform().daemon().start(() -> accept(streams));
        Thread.ofPlatform().daemon().start(() -> answer(packets));
    }

    private void accept(ServerSocket listener) {
        try {
            while (true) {
                Socket socket = listener.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException _) {
            // It has died.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            int asked = socket.getInputStream().read();
            thaw();
            if (asked >= 0 && mode == Mode.RESETTING) {
                socket.setSoLinger(true, 0);
            } else if (asked >= 0) {
                delay();
                socket.getOutputStream().write(new byte[] {name, (byte) asked});
            }
        } catch (IOException _) {
            // The other side is gone.
        } finally {
            open.remove(socket);
        }
    }

    private void answer(DatagramSocket socket) {
        byte[] buffer = new byte[64];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                thaw();
                if (mode != Mode.RESETTING) {
                    byte[] answer = Arrays.copyOf(buffer, packet.getLength());
                    answer[0] = name;
                    Thread.ofVirtual().start(() -> send(socket, answer, packet));
                }
            }
        } catch (IOException _) {
            // It has died.
        }
    }

    private void send(DatagramSocket socket, byte[] answer, DatagramPacket asked) {
        try {
            delay();
            socket.send(new DatagramPacket(answer, answer.length, asked.getSocketAddress()));
        } catch (IOException _) {
            // It has died, or the asker is gone.
        }
    }

    private void thaw() {
        try {
            thawed.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void delay() {
        if (mode == Mode.SLOW) {
            LockSupport.parkNanos(SLOW_NS);
        }
    }

    @Override
    public void close() {
        try {
            mode(Mode.NORMAL);
            die();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

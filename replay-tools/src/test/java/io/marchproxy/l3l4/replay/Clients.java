package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Traffic through a proxy, by TCP and UDP, until closed: connections of random length, some reset; sessions that come and go. */
final class Clients implements AutoCloseable {
    private static final int TCP_CLIENTS = 4;
    private static final int SOCKETS = 16;
    private static final int PATIENCE_MS = 2000;
    private static final int BURST = 8;

    private final InetSocketAddress tcp;
    private final InetSocketAddress udp;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong exchanges = new AtomicLong();
    private final AtomicLong datagrams = new AtomicLong();
    private volatile boolean running = true;

    Clients(int tcpPort, int udpPort) {
        tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort);
        udp = new InetSocketAddress(InetAddress.getLoopbackAddress(), udpPort);
        for (int i = 0; i < TCP_CLIENTS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            threads.add(Thread.ofVirtual().start(() -> connections(random)));
        }
        threads.add(Thread.ofPlatform().daemon().start(this::sessions));
    }

    /** Echoed exchanges over TCP so far. */
    long exchanges() {
        return exchanges.get();
    }

    /** Datagrams sent so far. */
    long datagrams() {
        return datagrams.get();
    }

    private void connections(SplittableRandom random) {
        while (running) {
            try (Socket socket = new Socket()) {
                socket.setSoTimeout(PATIENCE_MS);
                socket.connect(tcp, PATIENCE_MS);
                byte[] bytes = new byte[1 + random.nextInt(20_000)];
                socket.getOutputStream().write(bytes);
                if (random.nextInt(8) == 0) {
                    socket.setSoLinger(true, 0);
                    continue;
                }
                socket.shutdownOutput();
                if (socket.getInputStream().readAllBytes().length == bytes.length) {
                    exchanges.incrementAndGet();
                }
            } catch (IOException e) {
                // Its backend died, or none is healthy: what this test is about.
            }
        }
    }

    private void sessions() {
        SplittableRandom random = new SplittableRandom(99);
        DatagramSocket[] sockets = new DatagramSocket[SOCKETS];
        while (running) {
            int i = random.nextInt(SOCKETS);
            try {
                if (sockets[i] == null || random.nextInt(200) == 0) {
                    if (sockets[i] != null) {
                        sockets[i].close();
                    }
                    sockets[i] = new DatagramSocket((SocketAddress) new InetSocketAddress(udp.getAddress(), 0));
                    sockets[i].setSoTimeout(1);
                }
                for (int n = 0; n < BURST; n++) {
                    byte[] bytes = new byte[random.nextInt(1200)];
                    sockets[i].send(new DatagramPacket(bytes, bytes.length, udp));
                    datagrams.incrementAndGet();
                }
                sockets[i].receive(new DatagramPacket(new byte[2048], 2048));
            } catch (IOException e) {
                // An answer that is late or lost.
            }
        }
        for (DatagramSocket socket : sockets) {
            if (socket != null) {
                socket.close();
            }
        }
    }

    @Override
    public void close() {
        running = false;
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The traffic of the story in docs/REPLAY.md: a few questions all the time, and measurements that come in bursts. */
final class StoryTraffic implements AutoCloseable {
    private static final int SENSORS = 4;
    private static final int BURST = 25;
    private static final int QUESTION_BYTES = 60;
    private static final int MEASUREMENT_BYTES = 1200;
    private static final long QUESTION_NS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long BURST_NS = TimeUnit.MILLISECONDS.toNanos(250);

    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong bursts = new AtomicLong();
    private volatile boolean running = true;

    StoryTraffic(int dnsPort, int telemetryPort) throws IOException {
        send(dnsPort, 1, QUESTION_BYTES, QUESTION_NS);
        for (int i = 0; i < SENSORS; i++) {
            send(telemetryPort, BURST, MEASUREMENT_BYTES, BURST_NS);
        }
    }

    /** Bursts of measurements that were sent. */
    long bursts() {
        return bursts.get();
    }

    private void send(int port, int count, int bytes, long everyNs) throws IOException {
        SocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        DatagramPacket packet = new DatagramPacket(new byte[bytes], bytes, to);
        threads.add(Thread.ofPlatform().daemon().start(() -> {
            try (socket) {
                for (long nextNs = System.nanoTime(); running; nextNs += everyNs) {
                    for (int i = 0; i < count; i++) {
                        socket.send(packet);
                    }
                    bursts.addAndGet(count / BURST);
                    LockSupport.parkNanos(this, Math.max(0, nextNs + everyNs - System.nanoTime()));
                }
            } catch (IOException e) {
                // What it sent to is gone: the story is over.
            }
        }));
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

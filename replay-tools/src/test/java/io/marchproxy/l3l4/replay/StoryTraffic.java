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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The traffic of the story in docs/REPLAY.md: questions all the time, and for a while measurements that come in bursts. */
final class StoryTraffic implements AutoCloseable {
    private static final int SENSORS = 4;
    private static final int BURST = 25;
    private static final long BURSTS = 16;
    private static final long QUESTIONS_AFTERWARDS = 200;
    private static final int QUESTION_BYTES = 60;
    private static final int MEASUREMENT_BYTES = 1200;
    private static final long QUESTION_NS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long BURST_NS = TimeUnit.MILLISECONDS.toNanos(250);

    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong afterwards = new AtomicLong();
    private final AtomicInteger sending = new AtomicInteger(SENSORS);
    private volatile boolean running = true;

    StoryTraffic(int dnsPort, int telemetryPort) throws IOException {
        send(dnsPort, 1, QUESTION_BYTES, QUESTION_NS, Long.MAX_VALUE);
        for (int i = 0; i < SENSORS; i++) {
            send(telemetryPort, BURST, MEASUREMENT_BYTES, BURST_NS, BURSTS);
        }
    }

    /** Whether all measurements were sent, and enough time has passed for what may have waited. */
    boolean isOver() {
        return afterwards.get() >= QUESTIONS_AFTERWARDS;
    }

    private void send(int port, int count, int bytes, long everyNs, long times) throws IOException {
        SocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        DatagramPacket packet = new DatagramPacket(new byte[bytes], bytes, to);
        threads.add(Thread.ofPlatform().daemon().start(() -> {
            try (socket) {
                long nextNs = System.nanoTime();
                for (long n = 0; running && n < times; n++) {
                    for (int i = 0; i < count; i++) {
                        socket.send(packet);
                    }
                    if (sending.get() == 0) {
                        afterwards.incrementAndGet();
                    }
                    nextNs += everyNs;
                    LockSupport.parkNanos(this, Math.max(0, nextNs - System.nanoTime()));
                }
                sending.decrementAndGet();
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

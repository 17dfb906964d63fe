package io.marchproxy.l3l4.bench.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One session whose client sends a datagram after the other. */
final class UdpRequests implements Requests {
    private final DatagramChannel channel = DatagramChannel.open();

    /** By when they were sent, the oldest first. */
    private final LinkedHashSet<Long> waiting = new LinkedHashSet<>();

    private final List<Request> ended = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(512);
    private final Thread thread;
    private volatile boolean closed;

    UdpRequests(int port) throws IOException {
        channel.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        channel.configureBlocking(false);
        thread = Thread.ofPlatform().daemon().name("requests").start(this::run);
    }

    @Override
    public List<Request> soFar() {
        synchronized (ended) {
            List<Request> all = new ArrayList<>(ended);
            long nowNs = System.nanoTime();
            waiting.stream()
                    .filter(startedNs -> nowNs - startedNs > SUFFERS_NS)
                    .forEach(startedNs -> all.add(new Request(startedNs, nowNs, "")));
            return all;
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
            channel.close();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run() {
        long nextNs = System.nanoTime();
        while (!closed) {
            long nowNs = System.nanoTime();
            try {
                if (nowNs - nextNs >= 0) {
                    nextNs = Math.max(nextNs + INTERVAL_NS, nowNs - INTERVAL_NS);
                    send(nowNs);
                }
                receive();
            } catch (PortUnreachableException _) {
                // Told of an earlier datagram, which is not answered then.
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            giveUp(nowNs);
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
        }
    }

    private void send(long nowNs) throws IOException {
        synchronized (ended) {
            waiting.add(nowNs);
        }
        channel.write(ByteBuffer.wrap((nowNs + "\n").getBytes(StandardCharsets.US_ASCII)));
    }

    private void receive() throws IOException {
        while (channel.read(buffer.clear()) > 0) {
            String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
            int colon = text.indexOf(':');
            end(Long.parseLong(text.substring(colon + 1).strip()), text.substring(0, colon));
        }
    }

    private void giveUp(long nowNs) {
        while (!waiting.isEmpty() && nowNs - waiting.getFirst() > PATIENCE_NS) {
            end(waiting.getFirst(), "");
        }
    }

    private void end(long startedNs, String by) {
        synchronized (ended) {
            if (waiting.remove(startedNs)) {
                ended.add(new Request(startedNs, System.nanoTime(), by));
            }
        }
    }
}

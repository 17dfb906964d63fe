package io.marchproxy.l3l4.engine.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** All clients of the demonstration, each on a thread of its own. */
final class Load implements AutoCloseable {
    static final int REQUEST_CLIENTS = 4;
    static final int BULK_STREAMS = 2;
    static final long BULK_BYTES_PER_SECOND = 50_000_000;
    static final int UDP_CLIENTS = 8;
    static final int UDP_DATAGRAMS_PER_SECOND = 4_000;
    private static final int REQUESTS_PER_LONG_CONNECTION = 20_000;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final List<StreamClient> streams = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final UdpLoad udp;

    private Load(InetSocketAddress proxy, Scoreboard board) throws IOException {
        for (int i = 0; i < REQUEST_CLIENTS; i++) {
            streams.add(new RequestClient(proxy, board, 1 + i, REQUESTS_PER_LONG_CONNECTION));
        }
        // One client takes a new connection for every request: it is the first to meet a dead backend.
        streams.add(new RequestClient(proxy, board, 1 + REQUEST_CLIENTS, 1));
        for (int i = 0; i < BULK_STREAMS; i++) {
            streams.add(new BulkStream(proxy, board, 100 + i, BULK_BYTES_PER_SECOND));
        }
        udp = new UdpLoad(proxy, board, UDP_CLIENTS, UDP_DATAGRAMS_PER_SECOND);
    }

    /** Starts all clients against the proxy's address, which is that of both protocols. */
    static Load start(InetSocketAddress proxy, Scoreboard board) throws IOException {
        Load load = new Load(proxy, board);
        for (StreamClient client : load.streams) {
            load.threads.add(
                    Thread.ofPlatform().name("demo-tcp-client").daemon().start(client));
        }
        load.threads.add(Thread.ofPlatform().name("demo-udp-clients").daemon().start(load.udp));
        return load;
    }

    /** Lets every client finish what it has begun; one that still waits after five seconds has lost something. */
    void finish() throws InterruptedException {
        streams.forEach(StreamClient::stop);
        udp.stop();
        long untilNs = System.nanoTime() + PATIENCE.toNanos();
        for (Thread thread : threads) {
            thread.join(Duration.ofNanos(Math.max(1, untilNs - System.nanoTime())));
        }
        streams.forEach(StreamClient::abort);
        for (Thread thread : threads) {
            thread.join(PATIENCE);
        }
    }

    @Override
    public void close() throws IOException {
        streams.forEach(StreamClient::stop);
        streams.forEach(StreamClient::abort);
        udp.stop();
        udp.close();
    }
}

package io.marchproxy.l3l4.bench.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A connection for each request, as many at once as it takes. */
final class TcpRequests implements Requests {
    private final InetSocketAddress proxy;
    private final Selector selector = Selector.open();
    private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
    private final List<Request> ended = new ArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    TcpRequests(int port) throws IOException {
        proxy = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
        thread = Thread.ofPlatform().daemon().name("requests").start(this::run);
    }

    @Override
    public List<Request> soFar() {
        synchronized (ended) {
            List<Request> all = new ArrayList<>(ended);
            long nowNs = System.nanoTime();
            waiting.stream()
                    .filter(each -> !each.over && nowNs - each.startedNs > SUFFERS_NS)
                    .forEach(each -> all.add(new Request(each.startedNs, nowNs, "")));
            return all;
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
            selector.close();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run() {
        try {
            long nextNs = System.nanoTime();
            while (!closed) {
                long nowNs = System.nanoTime();
                if (nowNs - nextNs >= 0) {
                    nextNs = Math.max(nextNs + INTERVAL_NS, nowNs - INTERVAL_NS);
                    begin(nowNs);
                }
                giveUp(nowNs);
                selector.select(key -> ready((Exchange) key.attachment(), key), 1);
            }
            waiting.forEach(Exchange::drop);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void begin(long nowNs) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        Exchange exchange = new Exchange(channel, nowNs);
        synchronized (ended) {
            waiting.add(exchange);
        }
        try {
            boolean connected = channel.connect(proxy);
            channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, exchange);
            if (connected) {
                exchange.ask();
            }
        } catch (IOException e) {
            end(exchange, "");
        }
    }

    private void ready(Exchange exchange, SelectionKey key) {
        try {
            if (key.isConnectable()) {
                exchange.channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                exchange.ask();
            } else if (exchange.read()) {
                end(exchange, exchange.name());
            }
        } catch (IOException e) {
            end(exchange, "");
        }
    }

    private void giveUp(long nowNs) {
        synchronized (ended) {
            Exchange oldest = waiting.peek();
            while (oldest != null && (oldest.over || nowNs - oldest.startedNs > PATIENCE_NS)) {
                waiting.poll();
                end(oldest, "");
                oldest = waiting.peek();
            }
        }
    }

    private void end(Exchange exchange, String by) {
        synchronized (ended) {
            if (!exchange.over) {
                exchange.drop();
                ended.add(new Request(exchange.startedNs, System.nanoTime(), by));
            }
        }
    }

    private static final class Exchange {
        private final SocketChannel channel;
        private final long startedNs;
        private final ByteBuffer answer = ByteBuffer.allocate(64);
        private boolean over;

        Exchange(SocketChannel channel, long startedNs) {
            this.channel = channel;
            this.startedNs = startedNs;
        }

        void ask() throws IOException {
            channel.write(ByteBuffer.wrap((startedNs + "\n").getBytes(StandardCharsets.US_ASCII)));
        }

        /** Reads; true when the answer is whole. Its end is an error before that. */
        boolean read() throws IOException {
            if (channel.read(answer) < 0) {
                throw new IOException("no answer");
            }
            return answer.position() > 0 && answer.get(answer.position() - 1) == '\n';
        }

        String name() throws IOException {
            String text = new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
            if (!text.endsWith(":" + startedNs + "\n")) {
                throw new IOException("the answer to another request: " + text);
            }
            return text.substring(0, text.indexOf(':'));
        }

        void drop() {
            over = true;
            try {
                channel.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}

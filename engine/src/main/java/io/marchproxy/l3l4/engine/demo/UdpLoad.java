package io.marchproxy.l3l4.engine.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * UDP clients on one thread, each with a socket and a sequence of its own. They send by the clock whether answers come or not:
 * an open loop, so a stall of the proxy shows in every datagram that it delays.
 */
final class UdpLoad implements Runnable, AutoCloseable {
    private static final long TICK_MS = 1;
    private static final long LAST_ANSWER_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long MOST_LATE_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int SOCKET_BUFFER_BYTES = 1024 * 1024;

    private final Scoreboard board;
    private final Selector selector = Selector.open();
    private final List<UdpClient> clients = new ArrayList<>();
    private final long nsPerDatagram;
    private volatile boolean stopping;

    UdpLoad(InetSocketAddress proxy, Scoreboard board, int clientCount, int datagramsPerSecond) throws IOException {
        this.board = board;
        this.nsPerDatagram = TimeUnit.SECONDS.toNanos(1) / datagramsPerSecond;
        for (int i = 0; i < clientCount; i++) {
            DatagramChannel channel = DatagramChannel.open();
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
            channel.connect(proxy);
            channel.configureBlocking(false);
            UdpClient client = new UdpClient(channel, board, i);
            channel.register(selector, SelectionKey.OP_READ, client);
            clients.add(client);
        }
    }

    void stop() {
        stopping = true;
        selector.wakeup();
    }

    @Override
    public void run() {
        try {
            long dueNs = System.nanoTime();
            for (int next = 0; !stopping; ) {
                long nowNs = System.nanoTime();
                // Who was kept off the CPU does not make up for it in one burst, which no socket's buffer would hold.
                dueNs = Math.max(dueNs, nowNs - MOST_LATE_NS);
                while (dueNs - nowNs <= 0 && !stopping) {
                    clients.get(next).send();
                    next = (next + 1) % clients.size();
                    dueNs += nsPerDatagram;
                }
                // Up to a millisecond late, so that the clients leave the CPU to the proxy between their sends.
                receive();
            }
            long untilNs = System.nanoTime() + LAST_ANSWER_NS;
            while (board.udpSent.sum() > board.udpReceived.sum() && System.nanoTime() - untilNs < 0) {
                receive();
            }
        } catch (IOException e) {
            throw new IllegalStateException("the UDP clients failed", e);
        } finally {
            clients.forEach(UdpClient::settle);
        }
    }

    private void receive() throws IOException {
        selector.select(key -> ((UdpClient) key.attachment()).receive(), TICK_MS);
    }

    @Override
    public void close() throws IOException {
        for (UdpClient client : clients) {
            client.channel.close();
        }
        selector.close();
    }

    /**
     * One client. A datagram: the backend's number (1 byte, set by the backend), 7 bytes of nothing, the client's number and
     * the sequence (8 bytes), and words of the pattern.
     */
    private static final class UdpClient {
        private static final int HEAD_BYTES = 2 * Payload.WORD;
        private static final int LEAST_BYTES = 64;
        private static final int MOST_BYTES = 1_400;

        /** A datagram sent this long before the kill and never answered may have died with the backend. */
        private static final long IN_FLIGHT_NS = TimeUnit.MILLISECONDS.toNanos(100);

        final DatagramChannel channel;
        private final Scoreboard board;
        private final long stream;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(2 * MOST_BYTES);

        /** When each datagram was sent, by its sequence; 0 once it is answered. */
        private long[] sentNs = new long[1024];

        private int sequence;
        private int servedBy = -1;
        private boolean leftByTheDead;
        private long recoveredNs;

        UdpClient(DatagramChannel channel, Scoreboard board, int number) {
            this.channel = channel;
            this.board = board;
            this.stream = (long) (number + 1) << 32;
        }

        void send() {
            if (sequence == sentNs.length) {
                sentNs = Arrays.copyOf(sentNs, 2 * sequence);
            }
            int size = size(sequence);
            buffer.clear().limit(size).putLong(0).putLong(stream | sequence);
            Payload.fill(buffer, stream, sequence);
            buffer.flip();
            sentNs[sequence++] = System.nanoTime();
            board.udpSent.increment();
            try {
                channel.write(buffer);
            } catch (IOException _) {
                // Nobody took it, so nobody will answer it: it is settled as such at the end.
            }
        }

        private static int size(int sequence) {
            return LEAST_BYTES + sequence * 88 % (MOST_BYTES - LEAST_BYTES) / Payload.WORD * Payload.WORD;
        }

        void receive() {
            try {
                while (channel.read(buffer.clear()) > 0) {
                    answer(buffer.flip(), System.nanoTime());
                }
            } catch (PortUnreachableException _) {
                // The proxy's own port is closed: the missing answers tell.
            } catch (IOException e) {
                throw new IllegalStateException("a UDP client cannot read", e);
            }
        }

        private void answer(ByteBuffer datagram, long nowNs) {
            int length = datagram.remaining();
            int backend = length < HEAD_BYTES ? -1 : datagram.get();
            long identity =
                    length < HEAD_BYTES ? -1 : datagram.position(Payload.WORD).getLong();
            int number = (int) identity;
            boolean ours = (identity ^ number) == stream && number >= 0 && number < sequence;
            if (!ours
                    || length != size(number)
                    || sentNs[number] == 0
                    || backend < 0
                    || backend >= Scoreboard.BACKENDS
                    || Payload.wrongBytes(datagram, stream, number) != 0) {
                board.wrongDatagrams.increment();
                return;
            }
            board.udpLatency.recordValue(nowNs - sentNs[number]);
            board.udpReceived.increment();
            board.answers.incrementAndGet(backend);
            sentNs[number] = 0;
            servedBy(backend, nowNs);
        }

        private void servedBy(int backend, long nowNs) {
            if (backend != servedBy && servedBy == board.killed() && servedBy >= 0) {
                leftByTheDead = true;
                recoveredNs = nowNs;
                board.udpRecovered(nowNs);
            }
            servedBy = backend;
        }

        /** Tells apart what died with the backend and what is simply lost. */
        void settle() {
            long fromNs = board.killedNs() - IN_FLIGHT_NS;
            for (int i = 0; i < sequence; i++) {
                if (sentNs[i] != 0) {
                    boolean died = leftByTheDead && sentNs[i] - fromNs > 0 && sentNs[i] - recoveredNs < 0;
                    (died ? board.cutDatagrams : board.lostDatagrams).increment();
                }
            }
        }
    }
}

package io.marchproxy.l3l4.engine.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * A stream of bytes at a steady rate that comes back and is compared byte by byte while it is still being sent. It ends with a
 * half-close: the client says that it is done, the backend sends the rest and closes.
 */
final class BulkStream extends StreamClient {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int CHUNK_WORDS = CHUNK_BYTES / Payload.WORD;

    private final int number;
    private final long nsPerChunk;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(2 * CHUNK_BYTES);
    private int attempt;

    BulkStream(InetSocketAddress proxy, Scoreboard board, int number, long bytesPerSecond) {
        super(proxy, board);
        this.number = number;
        this.nsPerChunk = 1_000_000_000L * CHUNK_BYTES / bytesPerSecond;
    }

    @Override
    public void run() {
        while (!stopping) {
            int backend = -1;
            long stream = ((long) number << 48) + ((long) attempt++ << 32);
            try (SocketChannel channel = connect()) {
                backend = greeting(channel);
                transfer(channel, stream, backend);
            } catch (IOException _) {
                // Only an unanswered connect or greeting ends here; bytes are settled where they are counted.
                if (!cutByKill(backend)) {
                    board.lostRequests.increment();
                }
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private void transfer(SocketChannel channel, long stream, int backend) throws InterruptedException {
        Sender sender = new Sender(channel, stream);
        Thread sending =
                Thread.ofPlatform().name("demo-bulk-sender-" + number).daemon().start(sender);
        long received = receive(channel, stream);
        sender.over = true;
        LockSupport.unpark(sending);
        sending.join();
        long missing = sender.sent - received;
        if (missing != 0 || !sender.finished) {
            if (cutByKill(backend)) {
                board.cutBytes.add(missing);
            } else {
                board.lostBytes.add(Math.max(missing, 1));
            }
        }
    }

    /** Reads and compares to the end of the stream, orderly or not; returns the bytes received. */
    private long receive(SocketChannel channel, long stream) {
        incoming.clear();
        long received = 0;
        long word = 0;
        try {
            int read;
            while ((read = channel.read(incoming)) >= 0) {
                received += read;
                answered(System.nanoTime());
                board.tcpBytesReceived.add(read);
                board.bulkBytesReceived.add(read);
                incoming.flip();
                int words = incoming.remaining() / Payload.WORD;
                board.wrongBytes.add(Payload.wrongBytes(incoming, stream, word));
                word += words;
                incoming.compact();
            }
        } catch (IOException _) {
            // What is missing is counted by the caller.
        }
        return received;
    }

    /** Sends chunks, each at its time; after a stall it goes on at the rate rather than catching up in a burst. */
    private final class Sender implements Runnable {
        private final SocketChannel channel;
        private final long stream;
        private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        private volatile boolean over;
        // Read after the thread has ended.
        private long sent;
        private boolean finished;

        Sender(SocketChannel channel, long stream) {
            this.channel = channel;
            this.stream = stream;
        }

        @Override
        public void run() {
            long dueNs = System.nanoTime();
            try {
                for (long word = 0; !stopping && !over; word += CHUNK_WORDS) {
                    Payload.fill(chunk.clear(), stream, word);
                    chunk.flip();
                    while (chunk.hasRemaining()) {
                        int written = channel.write(chunk);
                        sent += written;
                        board.tcpBytesSent.add(written);
                    }
                    dueNs = Math.max(dueNs + nsPerChunk, System.nanoTime() - nsPerChunk);
                    awaitTime(dueNs);
                }
                // Looked at before the goodbye: its answer may end the receiver before this thread runs again.
                boolean cut = over;
                channel.shutdownOutput();
                finished = !cut;
            } catch (IOException _) {
                // The receiver sees the same end, and settles it.
            }
        }

        private void awaitTime(long dueNs) {
            long waitNs;
            while (!stopping && !over && (waitNs = dueNs - System.nanoTime()) > 0) {
                LockSupport.parkNanos(waitNs);
            }
        }
    }
}

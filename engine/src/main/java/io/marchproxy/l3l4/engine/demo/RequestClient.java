package io.marchproxy.l3l4.engine.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A TCP client that sends a request, waits for its answer, compares every byte, and sends the next: a closed loop. After a
 * number of requests it takes a new connection.
 */
final class RequestClient extends StreamClient {
    private static final int LEAST_BYTES = 64;
    private static final int MOST_BYTES = 4_096;

    private final long stream;
    private final int requestsPerConnection;
    private final ByteBuffer request = ByteBuffer.allocateDirect(MOST_BYTES);
    private final ByteBuffer answer = ByteBuffer.allocateDirect(MOST_BYTES);
    private long sequence;
    private long word;

    RequestClient(InetSocketAddress proxy, Scoreboard board, int number, int requestsPerConnection) {
        super(proxy, board);
        this.stream = (long) number << 48;
        this.requestsPerConnection = requestsPerConnection;
    }

    @Override
    public void run() {
        while (!stopping) {
            int backend = -1;
            request.clear().flip();
            try (SocketChannel channel = connect()) {
                backend = greeting(channel);
                for (int i = 0; i < requestsPerConnection && !stopping; i++) {
                    exchange(channel, backend);
                }
            } catch (IOException _) {
                broken(backend);
            }
        }
    }

    private void exchange(SocketChannel channel, int backend) throws IOException {
        // Sizes vary, so that requests never fall into step with buffers.
        int size = LEAST_BYTES + (int) (sequence++ * 1_160 % (MOST_BYTES - LEAST_BYTES)) / Payload.WORD * Payload.WORD;
        Payload.fill(request.clear().limit(size), stream, word);
        request.flip();
        long sentNs = System.nanoTime();
        while (request.hasRemaining()) {
            board.tcpBytesSent.add(channel.write(request));
        }
        readFully(channel, answer.clear().limit(size));
        long nowNs = System.nanoTime();
        board.tcpLatency.recordValue(nowNs - sentNs);
        answered(nowNs);
        board.wrongBytes.add(Payload.wrongBytes(answer.flip(), stream, word));
        board.tcpBytesReceived.add(size);
        board.tcpRequests.increment();
        board.answers.incrementAndGet(backend);
        request.clear().flip();
        word += size / Payload.WORD;
    }

    private void broken(int backend) {
        int underWay = request.limit();
        if (cutByKill(backend)) {
            if (underWay > 0) {
                board.cutRequests.increment();
                board.cutBytes.add(underWay);
            }
        } else {
            board.lostRequests.increment();
            board.lostBytes.add(underWay);
        }
        word += underWay / Payload.WORD;
    }
}

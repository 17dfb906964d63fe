package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A backend and its clients, over whose connections one side sends as fast as it may what the other knows before: each byte is held
 * against what belongs in its place, and when the senders end, everything they sent has come, up to each stream's end.
 */
final class CheckedStreams implements AutoCloseable {
    private static final int FROM_CLIENT = 'c';
    private static final int FROM_BACKEND = 'b';
    private static final long PATIENCE_SECONDS = 60;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Small, so that senders are done soon after the last byte was taken from them, however slow the rate. */
    private static final int KERNEL_BYTES = 64 << 10;

    /** What is sent again and again: of a prime length, so that no length that a relay reads by hides a gap. */
    private static final byte[] PATTERN = pattern(1_000_003);

    private final ServerSocket server = new ServerSocket();
    private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());

    /** How many bytes each sender sent, and each receiver found right. */
    private final List<CompletableFuture<Long>> sent = Collections.synchronizedList(new ArrayList<>());

    private final List<CompletableFuture<Long>> received = Collections.synchronizedList(new ArrayList<>());

    private int opened;
    private volatile boolean running = true;

    CheckedStreams() throws IOException {
        server.setReceiveBufferSize(KERNEL_BYTES);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        Thread.ofVirtual().start(this::accept);
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** The backend's address, as a configuration has it. */
    String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /** Opens a connection to the proxy, over which one side sends from now on; the first byte says which. */
    void open(InetSocketAddress proxy, Direction direction) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(KERNEL_BYTES);
        socket.setSendBufferSize(KERNEL_BYTES);
        sockets.add(socket);
        socket.connect(proxy);
        boolean fromClient = direction == Direction.TO_BACKEND;
        socket.getOutputStream().write(fromClient ? FROM_CLIENT : FROM_BACKEND);
        begin(socket, fromClient);
        opened++;
        await("the other side has not begun", () -> sent.size() == opened && received.size() == opened);
    }

    private static void await(String missing, BooleanSupplier condition) {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, missing + " after a minute");
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                socket.setSendBufferSize(KERNEL_BYTES);
                sockets.add(socket);
                Thread.ofVirtual().start(() -> {
                    try {
                        begin(socket, socket.getInputStream().read() == FROM_BACKEND);
                    } catch (IOException e) {
                        received.add(CompletableFuture.failedFuture(e));
                    }
                });
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void begin(Socket socket, boolean sends) {
        CompletableFuture<Long> done = new CompletableFuture<>();
        (sends ? sent : received).add(done);
        Thread.ofVirtual().start(() -> {
            try {
                done.complete(sends ? send(socket) : receive(socket));
            } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
    }

    private long send(Socket socket) throws IOException {
        long count = 0;
        while (running) {
            int from = (int) (count % PATTERN.length);
            int length = Math.min(1 << 14, PATTERN.length - from);
            socket.getOutputStream().write(PATTERN, from, length);
            count += length;
        }
        socket.shutdownOutput();
        return count;
    }

    private long receive(Socket socket) throws IOException {
        long count = 0;
        byte[] bytes = new byte[1 << 16];
        for (int read = socket.getInputStream().read(bytes);
                read >= 0;
                read = socket.getInputStream().read(bytes)) {
            for (int at = 0; at < read; ) {
                int from = (int) (count % PATTERN.length);
                int length = Math.min(read - at, PATTERN.length - from);
                if (!Arrays.equals(bytes, at, at + length, PATTERN, from, from + length)) {
                    throw new IOException("others than were sent, from byte " + count);
                }
                at += length;
                count += length;
            }
        }
        return count;
    }

    /** Has all senders end, and waits until what they sent has come. */
    void assertAllComes() throws Exception {
        running = false;
        List<Long> allSent = await(sent);
        List<Long> allReceived = await(received);
        assertTrue(allSent.stream().allMatch(bytes -> bytes > 0), allSent::toString);
        assertEquals(allSent, allReceived);
    }

    private static List<Long> await(List<CompletableFuture<Long>> all) throws Exception {
        List<Long> counts = new ArrayList<>();
        for (CompletableFuture<Long> one : List.copyOf(all)) {
            counts.add(one.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        }
        counts.sort(null);
        return counts;
    }

    @Override
    public void close() throws IOException {
        running = false;
        server.close();
        for (Socket each : List.copyOf(sockets)) {
            each.close();
        }
    }
}

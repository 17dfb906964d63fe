package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Datagrams in bursts from a few sockets to several ports, in quick succession, until closed. Nobody reads the answers. */
final class Flood implements AutoCloseable {
    private static final int SOCKETS = 6;
    private static final int BURST = 32;
    private static final int BYTES = 64;

    /** Between two rounds, so that those who answer get to run on a machine of few cores. */
    private static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(500);

    private final List<DatagramChannel> channels = new ArrayList<>();
    private final Thread thread;
    private volatile boolean running = true;

    /** A flood whose datagrams go to the first port mostly, and to each of the others in every round. */
    Flood(int often, int... seldom) throws IOException {
        for (int i = 0; i < SOCKETS; i++) {
            open(often);
        }
        for (int port : seldom) {
            for (int i = 0; i < SOCKETS / 2; i++) {
                open(port);
            }
        }
        thread = Thread.ofPlatform().daemon().start(this::run);
    }

    boolean isRunning() {
        return thread.isAlive();
    }

    private void open(int port) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        // Every second one says that it would listen to a mark of ECN: ECT(0).
        channel.setOption(StandardSocketOptions.IP_TOS, channels.size() % 2 == 0 ? 2 : 0);
        channels.add(channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }

    private void run() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES);
        while (running) {
            for (int i = 0; i < channels.size(); i++) {
                int burst = i < SOCKETS ? BURST : 1;
                for (int n = 0; n < burst; n++) {
                    send(channels.get(i), bytes.clear());
                }
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private static void send(DatagramChannel channel, ByteBuffer bytes) {
        try {
            channel.write(bytes);
        } catch (PortUnreachableException e) {
            // Its service was taken away for a moment.
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        running = false;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (DatagramChannel channel : channels) {
            channel.close();
        }
    }
}

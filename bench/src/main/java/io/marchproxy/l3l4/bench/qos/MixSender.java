package io.marchproxy.l3l4.bench.qos;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** One of many who send stamped datagrams steadily, whatever becomes of them. */
final class MixSender implements AutoCloseable {
    private final DatagramChannel channel;
    private final int number;
    private final ByteBuffer bytes;
    private final double gapNs;
    private double dueNs;

    /** Those that the socket took. */
    private int sent;

    /** Those that found it full. */
    private int refused;

    private MixSender(DatagramChannel channel, int number, int datagramBytes, long bits) {
        this.channel = channel;
        this.number = number;
        bytes = ByteBuffer.allocateDirect(datagramBytes);
        gapNs = datagramBytes * Byte.SIZE * QosLoad.NS / bits;
    }

    /** Opens the socket of FROM:PORT:NUMBER:BYTES:BITS. */
    static MixSender open(String host, String words) throws IOException {
        String[] parts = words.split(":");
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.bind(new InetSocketAddress(parts[0], 0));
            channel.connect(new InetSocketAddress(host, Integer.parseInt(parts[1])));
            // Where tc holds what one sent, its socket may be full: a datagram is not sent then, and keeps nobody else
            // waiting.
            channel.configureBlocking(false);
            return new MixSender(
                    channel, Integer.parseInt(parts[2]), Integer.parseInt(parts[3]), Long.parseLong(parts[4]));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Has all of them send in turns for so long; one that was late by more than a moment sends no burst to make up for it. */
    static void send(List<MixSender> all, long ns) throws IOException {
        long beganNs = System.nanoTime();
        for (long passedNs = 0; passedNs < ns; passedNs = System.nanoTime() - beganNs) {
            for (MixSender each : all) {
                each.sendDue(passedNs);
            }
            LockSupport.parkNanos(QosLoad.PAUSE_NS);
        }
    }

    private void sendDue(long passedNs) throws IOException {
        for (dueNs = Math.max(dueNs, (double) (passedNs - QosLoad.LATE_NS)); dueNs <= passedNs; dueNs += gapNs) {
            Stamped.write(bytes.clear(), number, sent);
            if (channel.write(bytes) > 0) {
                sent++;
            } else {
                refused++;
            }
        }
    }

    /** What it did in that time, as {@link MixFound} reads it. */
    String said(long ns) {
        double bits = (double) (sent + refused) * bytes.capacity() * Byte.SIZE;
        return MixFound.said(number, sent, refused, bits * QosLoad.NS / ns);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

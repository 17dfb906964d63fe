package io.marchproxy.l3l4.bench.qos;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends stamped datagrams as QUIC and TCP do: so many are under way as its window lets. That grows by one for each that was answered
 * until the first congestion, and by one a round trip from then on; it halves, once for what was under way, when a datagram came with CE or
 * did not come (RFC 5681, RFC 9002). Answers come in order, so one that is passed over is lost.
 *
 * <p>There is no network between the sender and what it sends to, so each answer counts only {@link #ROUND_TRIP_NS} after it came.
 */
final class ReactingSender implements AutoCloseable {
    static final long ROUND_TRIP_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Without an answer for so long, nothing that is under way will be answered. */
    private static final long LOST_NS = TimeUnit.SECONDS.toNanos(1);

    /** A sender that was late by more makes up for no more. */
    private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final int FIRST_WINDOW = 10;
    private static final int LEAST_WINDOW = 2;
    static final int CE = 3;

    private record Answer(long dueNs, int number, int ecn) {}

    private final DatagramChannel channel;
    private final int number;
    private final ByteBuffer bytes;
    private final double gapNs;
    private final ByteBuffer answer = ByteBuffer.allocateDirect(AnsweringBackend.ANSWER_BYTES);
    private final ArrayDeque<Answer> answers = new ArrayDeque<>();
    private double dueNs;
    private double window = FIRST_WINDOW;
    private boolean congestedOnce;
    private int sent;
    private int refused;

    /** The first that is neither answered nor lost. */
    private int expected;

    /** What was sent before it has had its congestion answered. */
    private int recovered;

    private long answeredNs;
    private int heardMarks;

    private ReactingSender(DatagramChannel channel, int number, int datagramBytes, long mostBits) {
        this.channel = channel;
        this.number = number;
        bytes = ByteBuffer.allocateDirect(datagramBytes);
        gapNs = datagramBytes * Byte.SIZE * QosLoad.NS / mostBits;
    }

    /** Opens the socket of FROM:PORT:NUMBER:BYTES:BITS:ECN. */
    static ReactingSender open(String host, String words) throws IOException {
        String[] parts = words.split(":");
        DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
        try {
            channel.bind(new InetSocketAddress(parts[0], 0));
            channel.connect(new InetSocketAddress(host, Integer.parseInt(parts[1])));
            channel.setOption(StandardSocketOptions.IP_TOS, Integer.parseInt(parts[5]));
            channel.configureBlocking(false);
            return new ReactingSender(
                    channel, Integer.parseInt(parts[2]), Integer.parseInt(parts[3]), Long.parseLong(parts[4]));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Has all of them send in turns for so long. */
    static void send(List<ReactingSender> all, long ns) throws IOException {
        long beganNs = System.nanoTime();
        for (long passedNs = 0; passedNs < ns; passedNs = System.nanoTime() - beganNs) {
            for (ReactingSender each : all) {
                each.hear(passedNs);
                each.sendDue(passedNs);
            }
            LockSupport.parkNanos(QosLoad.PAUSE_NS);
        }
    }

    private void hear(long passedNs) throws IOException {
        while (channel.read(answer.clear()) > 0) {
            int ecn = answer.getInt(AnsweringBackend.ECN_AT);
            heardMarks += ecn == CE ? 1 : 0;
            answers.add(new Answer(passedNs + ROUND_TRIP_NS, answer.getInt(0), ecn));
        }
        while (!answers.isEmpty() && answers.element().dueNs <= passedNs) {
            Answer due = answers.remove();
            if (due.number >= expected) {
                answered(due.number, due.ecn == CE || due.number > expected);
                answeredNs = passedNs;
            }
        }
        if (sent > expected && passedNs - answeredNs > LOST_NS) {
            answered(sent - 1, true);
            answeredNs = passedNs;
        }
    }

    private void answered(int which, boolean isCongested) {
        if (!isCongested) {
            window += congestedOnce ? 1 / window : 1;
        } else if (which >= recovered) {
            window = Math.max(LEAST_WINDOW, window / 2);
            recovered = sent;
            congestedOnce = true;
        }
        expected = which + 1;
    }

    private void sendDue(long passedNs) throws IOException {
        for (dueNs = Math.max(dueNs, (double) (passedNs - LATE_NS));
                dueNs <= passedNs && sent - expected < window;
                dueNs += gapNs) {
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
        return MixFound.said(number, sent, refused, bits * QosLoad.NS / ns)
                + String.format(Locale.ROOT, " heard-%d=%d", number, heardMarks);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

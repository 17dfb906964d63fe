package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.bench.peers.LoadAnswer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Senders and a backend that answers, without anything between them: real sockets, and the kernel's word on ECN fields. */
class ReactingSenderTest {
    private static final String HOST = "127.0.0.1";
    private static final long RUN_NS = TimeUnit.SECONDS.toNanos(1);

    /** More than a window ever lets pass here, so that it alone decides. */
    private static final long MOST_BITS = 1_000_000_000L;

    private static int freePort() throws IOException {
        try (DatagramChannel channel =
                DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            return ((InetSocketAddress) channel.getLocalAddress()).getPort();
        }
    }

    private static MixFound send(int port, int ecn) throws IOException {
        try (ReactingSender sender =
                ReactingSender.open(HOST, HOST + ":" + port + ":0:1250:" + MOST_BITS + ":" + ecn)) {
            ReactingSender.send(List.of(sender), RUN_NS);
            Map<String, Double> said = new HashMap<>();
            for (String word : sender.said(RUN_NS).split(" ")) {
                said.put(word.split("=")[0], Double.valueOf(word.split("=")[1]));
            }
            return new MixFound(List.of(), new LoadAnswer(said));
        }
    }

    @Test
    void shouldSendMoreAndMoreWhileNothingIsMarkedAndNextToNothingWhileAllIs() throws IOException {
        int port = freePort();
        AnsweringBackend.open(port);

        MixFound free = send(port, 2);
        MixFound marked = send(port, ReactingSender.CE);

        // Its window begins at 10 and halves each round trip until it is 2: that is less than 3 each in the mean.
        long most = 10 + 3 * (1 + RUN_NS / ReactingSender.ROUND_TRIP_NS);
        assertTrue(marked.sent(0) <= most, marked::toString);
        assertTrue(marked.load().get("heard-0") > 0, "the kernel tells of CE: " + marked);
        assertEquals(0, free.load().get("heard-0"));
        assertTrue(free.sent(0) > most, free::toString);
    }

    @Test
    void shouldSendNoMoreThanItsWindowsWhereNothingIsAnswered() throws IOException {
        try (DatagramChannel silent =
                DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            MixFound found = send(((InetSocketAddress) silent.getLocalAddress()).getPort(), 0);

            // After a second what was under way is given up, and half the window follows it.
            assertTrue(found.sent(0) >= 10 && found.sent(0) <= 15, found::toString);
        }
    }
}

package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.bench.peers.LoadAnswer;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What senders of stamped datagrams did, and what came of it: all that did, since it was waited for what was under way at the end.
 *
 * @param came in the order of time
 * @param load what the load said
 */
record MixFound(List<Stamped> came, LoadAnswer load) {
    /** What a load says of a sender. */
    static String said(int number, int sent, int refused, double bitsPerSecond) {
        return String.format(
                Locale.ROOT,
                "sent-%1$d=%2$d refused-%1$d=%3$d offered-%1$d=%4$.0f",
                number,
                sent,
                refused,
                bitsPerSecond);
    }

    /** Datagrams that a sender's socket took; what the socket had no room for is none. */
    long sent(int sender) {
        return (long) load.get("sent-" + sender);
    }

    /** Datagrams that found a sender's socket full: nobody lost them, they were never sent. */
    long refused(int sender) {
        return (long) load.get("refused-" + sender);
    }

    /** What a sender sent or tried to, in Mbit/s. */
    double offeredMbits(int sender) {
        return load.get("offered-" + sender) / 1e6;
    }

    /** How many of a sender's were sent and did not come. */
    long lost(int sender) {
        return sent(sender) - of(sender).count();
    }

    /** What came of a sender. */
    Stream<Stamped> of(int sender) {
        return came.stream().filter(one -> one.sender() == sender);
    }
}

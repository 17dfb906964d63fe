package io.marchproxy.l3l4.bench.qos;

import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * A datagram that says who sent it, and when.
 *
 * <pre>
 * payload    0 sender (4)   4 number (4)   8 time, ns since 1970 (8)   16 …
 * </pre>
 *
 * @param number of the sender's datagrams, from 0
 * @param sentNs by the clock that the kernel takes a packet's time by
 * @param ecn ECN field that it came with
 */
record Stamped(WirePacket packet, int sender, int number, long sentNs, int ecn) {
    static final int NUMBER_AT = 4;
    static final int SENT_AT = 8;
    static final int STAMP_BYTES = 16;

    private static final long SECOND_NS = 1_000_000_000L;

    /** Writes a stamp of this moment to a payload's begin. */
    static void write(ByteBuffer payload, int sender, int number) {
        Instant now = Instant.now();
        payload.putInt(0, sender)
                .putInt(NUMBER_AT, number)
                .putLong(SENT_AT, now.getEpochSecond() * SECOND_NS + now.getNano());
    }

    /** How long it was under way. */
    long delayNs() {
        return packet.atNs() - sentNs;
    }
}

package io.marchproxy.l3l4.engine.health;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** What came of an answer so far, up to a bound, each character a byte. */
final class AnswerText {
    /** What is not found in so much is not looked for any further. */
    static final int LONGEST = 64 * 1024;

    private final String expected;
    private final StringBuilder text = new StringBuilder();

    AnswerText(String expected) {
        this.expected = expected;
    }

    /** Takes in more of it. True when what is expected stands in it. */
    boolean add(ByteBuf bytes) {
        int room = Math.min(bytes.readableBytes(), LONGEST - text.length());
        int from = Math.max(0, text.length() - expected.length());
        text.append(bytes.toString(bytes.readerIndex(), room, StandardCharsets.ISO_8859_1));
        return text.indexOf(expected, from) >= 0;
    }

    /** Whether more would not be looked at. */
    boolean isFull() {
        return text.length() >= LONGEST;
    }
}

package io.marchproxy.l3l4.engine.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PayloadTest {

    @Test
    void shouldKnowItsOwnBytesWhereverTheReadingBegins() {
        ByteBuffer bytes = filled(7, 0, 80);

        assertEquals(0, Payload.wrongBytes(bytes.duplicate(), 7, 0));
        assertEquals(0, Payload.wrongBytes(bytes.duplicate().position(24), 7, 3));
    }

    @Test
    void shouldTellAForeignStreamAShiftAndAFlippedBit() {
        ByteBuffer bytes = filled(7, 0, 80);

        assertEquals(80, Payload.wrongBytes(bytes.duplicate(), 8, 0));
        assertEquals(80, Payload.wrongBytes(bytes.duplicate(), 7, 1));
        bytes.put(33, (byte) (bytes.get(33) ^ 4));
        assertEquals(8, Payload.wrongBytes(bytes.duplicate(), 7, 0));
    }

    @Test
    void shouldLeaveWhatIsNoWholeWord() {
        ByteBuffer bytes = ByteBuffer.allocate(19);
        Payload.fill(bytes, 1, 0);

        assertEquals(16, bytes.position());
        assertNotEquals(0, bytes.getLong(0));
    }

    private static ByteBuffer filled(long stream, long word, int size) {
        ByteBuffer bytes = ByteBuffer.allocate(size);
        Payload.fill(bytes, stream, word);
        return bytes.flip();
    }
}

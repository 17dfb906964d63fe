package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory for bytes on their way: no larger than they need, and used again. */
class ChunkPoolTest {
    private final ChunkPool pool = new ChunkPool();

    @AfterEach
    void trim() {
        assertEquals(0, pool.inUse());
        pool.trim();
    }

    @ParameterizedTest
    @CsvSource({"1, 512", "512, 512", "513, 2048", "8192, 8192", "8193, 65536", "65536, 65536"})
    void shouldTakeNoMoreRoomThanWhatCameInNeeds(int received, int capacity) {
        read(received, 7);
        Chunk kept = pool.keep();
        assertEquals(capacity, kept.capacity());
        assertEquals(received, kept.length());
        assertEquals(7, Memory.getByte(kept.bytesAddress() + received - 1));
        pool.give(kept);
    }

    @Test
    void shouldGoOnReadingElsewhereOnceWhatWasReadIsHandedOut() {
        read(60_000, 1);
        Chunk first = pool.keep();
        assertNotSame(first, pool.incoming());
        read(60_000, 2);
        Chunk second = pool.keep();
        assertEquals(1, Memory.getByte(first.bytesAddress()));
        assertEquals(2, Memory.getByte(second.bytesAddress()));
        assertEquals(2, pool.inUse());
        pool.give(first);
        pool.give(second);
    }

    @Test
    void shouldHandOutFirstWhatCameBackLast() {
        Chunk first = pool.take(100);
        Chunk second = pool.take(100);
        pool.give(first);
        pool.give(second);
        assertSame(second, pool.take(100));
        assertSame(first, pool.take(100));
        pool.give(first);
        pool.give(second);
    }

    @Test
    void shouldTakeOutByAndBy() {
        Chunk chunk = pool.take(100);
        chunk.filled(100);
        chunk.took(30);
        assertEquals(70, chunk.length());
        assertEquals(chunk.address() + 30, chunk.bytesAddress());
        assertEquals(70, chunk.bytes().remaining());
        assertTrue(chunk.room(50).remaining() == 50);
        pool.give(chunk);
    }

    private void read(int bytes, int content) {
        Chunk incoming = pool.incoming();
        for (int i = 0; i < bytes; i++) {
            Memory.putByte(incoming.address() + i, (byte) content);
        }
        incoming.filled(bytes);
    }
}

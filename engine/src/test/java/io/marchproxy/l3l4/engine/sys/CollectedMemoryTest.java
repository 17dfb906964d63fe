package io.marchproxy.l3l4.engine.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CollectedMemoryTest {
    @ParameterizedTest
    @ValueSource(longs = {64, 4096, (2 << 20) - 8, 2 << 20, (2 << 20) + 8, 30_000_008})
    void shouldGiveAsMuchAsAskedZeroedAndAligned(long bytes) {
        MemorySegment memory = CollectedMemory.allocate(bytes);

        assertEquals(bytes, memory.byteSize());
        assertEquals(0, memory.address() % (bytes < 2 << 20 ? 64 : 2 << 20));
        for (long at = 0; at < bytes; at += 8) {
            assertEquals(0, memory.get(ValueLayout.JAVA_LONG, at));
            memory.set(ValueLayout.JAVA_LONG, at, at);
        }
        assertEquals(bytes - 8, memory.get(ValueLayout.JAVA_LONG, bytes - 8));
    }
}

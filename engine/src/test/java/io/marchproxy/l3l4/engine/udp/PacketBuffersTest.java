package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Buffers are never handed out twice, and none gets lost. */
@Timeout(60)
class PacketBuffersTest {
    private static final int SLOTS = 100;
    private static final int JUMBOS = 7;
    private static final long STAMP = 0x5eed;

    @Test
    void shouldRunDryAndRecover() {
        try (PacketBuffers buffers = new PacketBuffers(SLOTS, JUMBOS, false)) {
            Set<Long> taken = new HashSet<>();
            for (int i = 0; i < SLOTS; i++) {
                assertTrue(taken.add(buffers.takeSlot()));
            }
            assertEquals(PacketBuffers.NONE, buffers.takeSlot());
            for (int i = 0; i < JUMBOS; i++) {
                assertTrue(taken.add(buffers.takeJumbo()));
            }
            assertEquals(PacketBuffers.NONE, buffers.takeJumbo());
            assertFalse(taken.contains(PacketBuffers.NONE));
            taken.forEach(buffers::release);
            assertEquals(SLOTS, buffers.freeSlots());
            assertEquals(JUMBOS, buffers.freeJumbos());
        }
    }

    @Test
    void shouldTakeTheBufferThatWasGivenBackLast() {
        try (PacketBuffers buffers = new PacketBuffers(SLOTS, JUMBOS, false)) {
            long first = buffers.takeSlot();
            long second = buffers.takeSlot();
            buffers.giveBack(first);
            assertEquals(first, buffers.takeSlot());
            assertNotEquals(first, second);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldKeepBuffersApartWhateverIsTakenAndGivenBack(long seed) {
        Random random = new Random(seed);
        try (PacketBuffers buffers = new PacketBuffers(SLOTS, JUMBOS, true)) {
            Deque<Long> out = new ArrayDeque<>();
            for (int i = 0; i < 100_000; i++) {
                if (random.nextBoolean()) {
                    long buffer = random.nextInt(10) == 0 ? buffers.takeJumbo() : buffers.takeSlot();
                    if (buffer != PacketBuffers.NONE) {
                        assertNotEquals(STAMP, Memory.getLong(buffer), "in use already");
                        Memory.putLong(buffer, STAMP);
                        out.add(buffer);
                    }
                } else if (!out.isEmpty()) {
                    long buffer = random.nextBoolean() ? out.removeFirst() : out.removeLast();
                    Memory.putLong(buffer, 0);
                    if (random.nextBoolean()) {
                        buffers.release(buffer);
                    } else {
                        buffers.giveBack(buffer);
                    }
                }
            }
            out.forEach(buffers::release);
            assertEquals(SLOTS, buffers.freeSlots());
            assertEquals(JUMBOS, buffers.freeJumbos());
        }
    }

    @Test
    void shouldPassBuffersBackFromAnotherThread() throws Exception {
        int rounds = 500_000;
        try (PacketBuffers buffers = new PacketBuffers(SLOTS, JUMBOS, true)) {
            BlockingQueue<Long> handed = new ArrayBlockingQueue<>(SLOTS);
            Thread releaser = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < rounds; i++) {
                        long buffer = handed.take();
                        Memory.putLong(buffer, 0);
                        buffers.release(buffer);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            for (int i = 0; i < rounds; ) {
                long buffer = buffers.takeSlot();
                if (buffer == PacketBuffers.NONE) {
                    // Spinning would keep the other thread off the CPU where there is one alone.
                    LockSupport.parkNanos(1);
                    continue;
                }
                assertEquals(0, Memory.getLong(buffer), "in use already");
                Memory.putLong(buffer, STAMP);
                handed.put(buffer);
                i++;
            }
            releaser.join();
            assertEquals(SLOTS, buffers.freeSlots());
        }
    }
}

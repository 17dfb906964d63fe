package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for buffers gets them, and a ring is made whole or not at all. */
@Timeout(30)
class BufferRingTest {
    private static final int ENTRIES = 2;
    private static final int BUFFER_BYTES = 4096;

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, Transports.handlers(TransportKind.IO_URING));
    private final EventLoop loop = group.next();

    @AfterEach
    void stop() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void shouldNotForgetWhoWaitsAgainWhileOthersAreServed() throws Exception {
        try (BufferRing ring = BufferRing.open(loop, ENTRIES, BUFFER_BYTES)) {
            List<String> served = new ArrayList<>();
            loop.submit(() -> {
                        ring.take(0);
                        long second = ring.take(1);
                        ring.await(() -> {
                            served.add("first");
                            ring.take(1);
                            ring.await(() -> served.add("again"));
                        });
                        ring.release(second);
                        assertEquals(List.of("first"), served);
                        assertTrue(ring.isAwaited());
                        ring.release(second);
                        assertEquals(List.of("first", "again"), served);
                    })
                    .get();
        }
    }

    @Test
    void shouldOpenWholeThoughTheCallerIsInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        BufferRing ring = BufferRing.open(loop, ENTRIES, BUFFER_BYTES);
        assertTrue(Thread.interrupted(), "the interrupt is the caller's to heed");
        assertEquals(ENTRIES, loop.submit(ring::inPlace).get());
        ring.close();
    }

    @Test
    void shouldSayThatTheLoopHasEnded() {
        stop();
        assertThrows(IOException.class, () -> BufferRing.open(loop, ENTRIES, BUFFER_BYTES));
    }
}

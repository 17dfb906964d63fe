package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pipes: bounded, used again when they are empty and closed when they are not. */
class PipePoolTest {
    private final StreamCalls streams = new StreamCalls();
    private final PipePool pool = new PipePool(new SocketCalls(), streams, 2);

    @AfterEach
    void trim() {
        pool.trim();
        assertEquals(0, pool.made());
    }

    @Test
    void shouldHaveNoMoreThanItMay() {
        Pipe first = taken();
        Pipe second = taken();
        assertNull(pool.take());
        assertEquals(2, pool.inUse());
        pool.give(first);
        assertSame(first, pool.take());
        pool.give(first);
        pool.give(second);
        assertEquals(0, pool.inUse());
        assertEquals(2, pool.made());
    }

    @Test
    void shouldCloseAPipeThatIsNotEmpty() {
        Pipe pipe = taken();
        pipe.took(1);
        pool.give(pipe);
        assertEquals(0, pool.made());
        assertTrue(streams.pipeSize(pipe.readEnd()) == -Errno.EBADF, "its end is closed");
    }

    @Test
    void shouldAskForRoomInAPipe() {
        Pipe pipe = taken();
        assertTrue(streams.pipeSize(pipe.readEnd()) >= 64 * 1024);
        pool.give(pipe);
    }

    @Test
    void shouldMakeNoneOnceTheKernelRefuses() {
        pool.refuse("a trial", Errno.EINVAL);
        assertNull(pool.take());
        assertTrue(pool.isRefused());
    }

    @ParameterizedTest
    @CsvSource({"20000, 16384, 64", "8192, 0, 32", "1024, 16384, 4", "100, 16384, 4", "20000, 1024, 8", "20000, 100, 0"
    })
    void shouldKeepWithinTheLimitsOfDescriptorsAndOfPages(long descriptors, long softPages, int expected) {
        assertEquals(expected, PipePool.most(descriptors, softPages));
    }

    @ParameterizedTest
    @CsvSource({"64, 1, 64", "64, 3, 21", "4, 3, 1", "4, 8, 1", "0, 8, 0", "64, 0, 64"})
    void shouldShareThemOutDownwardsAndLeaveNoShardWithout(int most, int shards, int expected) {
        assertEquals(expected, PipePool.each(most, shards));
    }

    @Test
    void shouldReadTheWholeLimit() throws Exception {
        String byShell = RealProgram.of("cat", "/proc/sys/fs/pipe-user-pages-soft")
                .runOrFail()
                .out();
        assertEquals(Long.parseLong(byShell.strip()), PipePool.softPages());
    }

    private Pipe taken() {
        Pipe pipe = pool.take();
        assertNotNull(pipe);
        return Objects.requireNonNull(pipe);
    }
}

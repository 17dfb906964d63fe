package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchingIoHandlerTest {
    private static final long FOREVER_NS = 60_000_000_000L;
    private static final long SHORT_NS = 100_000;

    private final List<String> calls = new ArrayList<>();
    private final Loop loop = new Loop();

    /** What each look finds; the last one again and again. */
    private int[] found = {0};

    private int looks;
    private long restNs;

    @Test
    void shouldBlockAtOnceWithoutABudget() {
        run(0);

        assertEquals(List.of("begins", "blocks", "ends"), calls);
    }

    @Test
    void shouldHandleWhatComesWhileItLooks() {
        found = new int[] {0, 0, 0, 7};

        assertEquals(7, run(FOREVER_NS));
        assertEquals(List.of("begins", "looks", "looks", "looks", "looks", "ends"), calls);
    }

    @Test
    void shouldBlockWhenTheBudgetIsSpent() {
        run(SHORT_NS);

        assertEquals("blocks", calls.get(calls.size() - 2));
        assertTrue(calls.contains("looks"), calls::toString);
    }

    @Test
    void shouldRestBeforeTheBatchWhenTheHookAsksForIt() {
        restNs = SHORT_NS;
        long beganNs = System.nanoTime();

        run(0);

        // A rest may be cut short by whoever unparks the thread; nobody does here.
        assertTrue(System.nanoTime() - beganNs >= SHORT_NS);
        assertEquals(List.of("begins", "blocks", "ends"), calls);
    }

    @Test
    void shouldNotRestWhenTasksWait() {
        loop.mayBlock = false;
        restNs = FOREVER_NS;
        long beganNs = System.nanoTime();

        run(0);

        assertTrue(System.nanoTime() - beganNs < FOREVER_NS);
    }

    @Test
    void shouldNotRestWhenATimerIsDueBeforeTheRestMayEnd() {
        restNs = FOREVER_NS;
        loop.timerNs = 2 * FOREVER_NS - 1;
        long beganNs = System.nanoTime();

        run(0);

        assertTrue(System.nanoTime() - beganNs < FOREVER_NS);
    }

    @Test
    void shouldNotLookWhenTasksWait() {
        loop.mayBlock = false;

        run(FOREVER_NS);

        assertEquals(List.of("begins", "looks", "ends"), calls);
    }

    @Test
    void shouldStopLookingWhenATaskComes() {
        loop.blocksLeft = 3;

        run(FOREVER_NS);

        // Once asked before it looks, then before each look; the turn itself may not block either.
        assertEquals(List.of("begins", "looks", "looks", "looks", "ends"), calls);
    }

    private int run(long budgetNs) {
        BatchHook hook = new BatchHook() {
            @Override
            public void batchBegins() {
                calls.add("begins");
            }

            @Override
            public long takeRestNs() {
                return restNs;
            }

            @Override
            public void batchEnds() {
                calls.add("ends");
            }
        };
        IoHandlerFactory factory = executor -> new Kernel();
        return BatchingIoHandler.around(factory, hook, new SpinBudget(budgetNs))
                .newHandler(new NoExecutor())
                .run(loop);
    }

    private final class Kernel implements IoHandler {
        @Override
        public int run(IoHandlerContext context) {
            if (context.canBlock()) {
                calls.add("blocks");
                return 1;
            }
            if (calls.size() < 100) {
                calls.add("looks");
            }
            return found[Math.min(looks++, found.length - 1)];
        }

        @Override
        public void destroy() {}

        @Override
        public IoRegistration register(IoHandle handle) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void wakeup() {}

        @Override
        public boolean isCompatible(Class<? extends IoHandle> handleType) {
            return true;
        }
    }

    private static final class Loop implements IoHandlerContext {
        private boolean mayBlock = true;
        private int blocksLeft = Integer.MAX_VALUE;
        private long timerNs = Long.MAX_VALUE;

        @Override
        public boolean canBlock() {
            return mayBlock && blocksLeft-- > 0;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return timerNs;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    }

    private static final class NoExecutor implements ThreadAwareExecutor {
        @Override
        public boolean isExecutorThread(Thread thread) {
            return true;
        }

        @Override
        public void execute(Runnable command) {
            throw new UnsupportedOperationException();
        }
    }
}

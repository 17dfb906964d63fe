package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.engine.sys.IoUringCalls;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.testing.Await;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An event loop on an io_uring of ours: it wakes, it keeps time, it forgets nobody, and makes no garbage. */
@Timeout(60)
class UringIoHandlerTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int SUBMISSIONS = 8;
    private static final int COMPLETIONS = 16;
    private static final int MANY = 20 * COMPLETIONS;
    private static final int PURPOSE = 7;
    private static final int CANCEL = 8;
    private static final int FEATURES_OF_LINUX_5_12 = 0x3ff;
    private static final int FEATURES_OF_LINUX_5_13 = 0x7ff;

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, UringIoHandler.factory(SUBMISSIONS, COMPLETIONS));
    private final EventLoop loop = group.next();
    private final List<Integer> opened = new ArrayList<>();

    @AfterEach
    void stop() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        opened.forEach(new SocketCalls()::close);
    }

    @Test
    void shouldWakeForEveryTask() throws Exception {
        Semaphore ran = new Semaphore(0);
        for (int i = 0; i < 20_000; i++) {
            loop.execute(ran::release);
            assertTrue(ran.tryAcquire(10, TimeUnit.SECONDS), "task " + i + " was slept through");
        }
    }

    @Test
    void shouldWakeForTasksOfManyThreads() throws Exception {
        AtomicInteger ran = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int k = 0; k < 20_000; k++) {
                    loop.execute(ran::incrementAndGet);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Await.until("all tasks ran", DEADLINE, () -> ran.get() == 80_000);
    }

    @Test
    void shouldWaitAsLongAsATimerSays() throws Exception {
        for (long ms : new long[] {1, 20, 1200}) {
            long beganNs = System.nanoTime();
            loop.schedule(() -> {}, ms, TimeUnit.MILLISECONDS).get(10, TimeUnit.SECONDS);
            assertTrue(System.nanoTime() - beganNs >= TimeUnit.MILLISECONDS.toNanos(ms), ms + " ms took less");
        }
    }

    @Test
    void shouldTellEveryHandleThoughTheQueuesHoldFewer() throws Exception {
        int ready = eventFd();
        IoUringCalls.signal(ready);
        List<Told> handles = on(() -> {
            List<Told> polled = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                polled.add(register(() -> {}));
                polled.getLast().poll(ready, false);
            }
            return polled;
        });
        for (Told handle : handles) {
            Await.until("each is told", DEADLINE, () -> handle.told.get() == 1);
        }
    }

    @Test
    void shouldTellOfEachWakeUpOfAMultishotPoll() throws Exception {
        int fd = eventFd();
        Told handle = on(() -> register(() -> {}));
        on(() -> handle.poll(fd, true));
        for (int i = 1; i <= 1000; i++) {
            IoUringCalls.signal(fd);
            int expected = i;
            Await.until("signal " + i, DEADLINE, () -> handle.told.get() >= expected);
        }
        on(handle::end);
        Await.until("it is gone", DEADLINE, () -> handle.gone.get() == 1);
    }

    @Test
    void shouldEndARegistrationOnceAndOnlyAfterItsLastOperation() throws Exception {
        int fd = eventFd();
        Told handle = on(() -> {
            Told polled = register(() -> {});
            polled.poll(fd, true);
            return polled;
        });
        on(() -> {
            handle.end();
            assertEquals(0, handle.gone.get(), "the poll is under way");
            return handle.end();
        });
        Await.until("it is gone", DEADLINE, () -> handle.gone.get() > 0);
        assertEquals(1, handle.gone.get());
        assertEquals(UringRegistration.NONE, on(() -> handle.operations.poll(fd, 1, false, PURPOSE)));
    }

    @Test
    void shouldUseNumbersAgain() throws Exception {
        int first = on(() -> {
            Told handle = register(() -> {});
            handle.end();
            return handle.operations.number();
        });
        for (int i = 0; i < MANY; i++) {
            assertEquals(first, on(() -> {
                Told handle = register(() -> {});
                handle.end();
                return handle.operations.number();
            }));
        }
    }

    @Test
    void shouldGoOnBehindAHandleThatFails() throws Exception {
        int ready = eventFd();
        IoUringCalls.signal(ready);
        Told after = on(() -> {
            register(() -> {
                        throw new IllegalStateException("planted");
                    })
                    .poll(ready, false);
            Told other = register(() -> {});
            other.poll(ready, false);
            return other;
        });
        Await.until("the one behind is told", DEADLINE, () -> after.told.get() == 1);
    }

    @Test
    void shouldCloseItsHandlesWhenTheLoopEnds() throws Exception {
        int fd = eventFd();
        List<Told> handles = on(() -> {
            List<Told> polled = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                polled.add(register(() -> {}));
                polled.getLast().poll(fd, true);
            }
            return polled;
        });
        stop();
        handles.forEach(handle -> assertEquals(1, handle.gone.get()));
    }

    /** As Netty does where the end is asked for between the last turn and the look whether to end. */
    @Test
    void shouldCloseItsHandlesThoughNobodyPreparesTheEnd() throws Exception {
        int fd = eventFd();
        Thread self = Thread.currentThread();
        IoHandler handler = UringIoHandler.factory(SUBMISSIONS, COMPLETIONS).newHandler(executorOf(self));
        handler.initialize();
        Told handle = new Told(() -> {});
        handle.begin(handler.register(handle));
        handle.poll(fd, true);
        handler.destroy();
        assertEquals(1, handle.gone.get());
        handler.wakeup();
    }

    /** As when the kernel lacks memory: here it takes nothing because the io_uring is not enabled yet. */
    @Test
    void shouldEndARegistrationThoughAnOperationWasRefused() throws Exception {
        int fd = eventFd();
        IoHandler handler =
                UringIoHandler.factory(SUBMISSIONS, COMPLETIONS).newHandler(executorOf(Thread.currentThread()));
        Told handle = new Told(() -> {});
        handle.begin(handler.register(handle));
        for (int i = 0; i < SUBMISSIONS; i++) {
            handle.poll(fd, false);
        }
        assertThrows(UncheckedIOException.class, () -> handle.poll(fd, false));
        IoUringCalls.signal(fd);
        handler.initialize();
        handler.destroy();
        assertEquals(SUBMISSIONS, handle.told.get());
        assertEquals(1, handle.gone.get());
    }

    /** Netty's loop would end by it; here the kernel refuses because the io_uring is not enabled yet. */
    @Test
    void shouldGoOnBehindATurnThatTheKernelRefused() throws Exception {
        int ready = eventFd();
        IoUringCalls.signal(ready);
        IoHandler handler =
                UringIoHandler.factory(SUBMISSIONS, COMPLETIONS).newHandler(executorOf(Thread.currentThread()));
        Told handle = new Told(() -> {});
        handle.begin(handler.register(handle));
        handle.poll(ready, false);
        assertEquals(0, handler.run(new Busy()));
        handler.initialize();
        assertEquals(1, handler.run(new Busy()));
        assertEquals(1, handle.told.get());
        handler.destroy();
    }

    @Test
    void shouldTakeKernelsWithMultishotPollsAlone() {
        assertFalse(UringQueues.suffices(FEATURES_OF_LINUX_5_12));
        assertTrue(UringQueues.suffices(FEATURES_OF_LINUX_5_13));
    }

    @Test
    void shouldOutliveWakeUpsThatComeTooLate() throws Exception {
        for (int i = 0; i < 20; i++) {
            MultiThreadIoEventLoopGroup ending =
                    new MultiThreadIoEventLoopGroup(1, UringIoHandler.factory(SUBMISSIONS, COMPLETIONS));
            EventLoop mortal = ending.next();
            // One task at a time: a loop that always finds another one does not come to its end.
            AtomicBoolean waits = new AtomicBoolean();
            Thread disturber = Thread.ofPlatform().start(() -> {
                while (!mortal.isTerminated()) {
                    try {
                        if (!waits.getAndSet(true)) {
                            mortal.execute(() -> waits.set(false));
                        }
                    } catch (RejectedExecutionException e) {
                        return;
                    }
                }
            });
            assertTrue(ending.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS));
            disturber.join();
        }
    }

    @Test
    void shouldMakeNoGarbageInATurn() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = on(() -> Thread.currentThread().threadId());
        int fd = eventFd();
        Told handle = on(() -> register(() -> {}));
        on(() -> handle.poll(fd, true));
        Await.until("a run of turns allocates nothing", DEADLINE, () -> {
            signalAndWait(fd, handle, 1000);
            long before = threads.getThreadAllocatedBytes(thread);
            signalAndWait(fd, handle, 1000);
            return threads.getThreadAllocatedBytes(thread) == before;
        });
    }

    @Test
    void shouldSayWhatTheKernelRefuses() {
        assertTrue(assertThrows(UncheckedIOException.class, () -> new UringQueues(0, COMPLETIONS))
                .getMessage()
                .contains("io_uring_setup failed: EINVAL"));
    }

    private static ThreadAwareExecutor executorOf(Thread thread) {
        return new ThreadAwareExecutor() {
            @Override
            public boolean isExecutorThread(Thread other) {
                return other == thread;
            }

            @Override
            public void execute(Runnable task) {
                task.run();
            }
        };
    }

    private static void signalAndWait(int fd, Told handle, int times) {
        for (int i = 0; i < times; i++) {
            int before = handle.told.get();
            IoUringCalls.signal(fd);
            while (handle.told.get() == before) {
                // Spinning would keep the loop off the CPU where there is one alone.
                LockSupport.parkNanos(1);
            }
        }
    }

    private int eventFd() {
        int fd = new IoUringCalls().eventFd();
        assertTrue(fd >= 0);
        opened.add(fd);
        return fd;
    }

    private Told register(Runnable whenTold) {
        Told handle = new Told(whenTold);
        handle.begin(((IoEventLoop) loop).register(handle).getNow());
        return handle;
    }

    private <T> T on(Callable<T> task) throws Exception {
        return loop.submit(task).get(10, TimeUnit.SECONDS);
    }

    /** A loop that has tasks. */
    private static final class Busy implements IoHandlerContext {
        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    }

    private static final class Told implements UringHandle {
        final AtomicInteger told = new AtomicInteger();
        final AtomicInteger gone = new AtomicInteger();
        private final Runnable whenTold;
        private @Nullable IoRegistration registration;
        UringRegistration operations;
        private long operation;

        @SuppressWarnings("NullAway") // begin follows at once
        Told(Runnable whenTold) {
            this.whenTold = whenTold;
        }

        void begin(IoRegistration granted) {
            registration = granted;
            operations = UringRegistration.of(granted);
        }

        long poll(int fd, boolean isMultishot) {
            operation = operations.poll(fd, FdReadiness.READABLE, isMultishot, PURPOSE);
            return operation;
        }

        boolean end() {
            if (operation != UringRegistration.NONE) {
                operations.cancel(operation, CANCEL);
            }
            return registration != null && registration.cancel();
        }

        @Override
        public void completed(int purpose, int result, int flags) {
            if (purpose == PURPOSE && result >= 0) {
                told.incrementAndGet();
                whenTold.run();
            }
        }

        @Override
        public void unregistered() {
            gone.incrementAndGet();
        }

        @Override
        public void close() {
            end();
        }
    }
}

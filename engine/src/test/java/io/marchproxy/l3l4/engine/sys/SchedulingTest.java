package io.marchproxy.l3l4.engine.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Against this machine's own scheduler, each on a thread that ends with the test. */
class SchedulingTest {
    /** Whoever runs the tests may be nice already. */
    private static final int NICEST = 19;

    @Test
    void shouldTakeShortSlicesAndKeepTheNiceValue() throws Exception {
        int[] nice = new int[2];
        long slice = onItsOwnThread("short-slices", () -> {
            int self = Scheduling.threads("short-slices").getFirst();
            assertEquals(0, Scheduling.giveWay(self, 3));
            nice[0] = Scheduling.nice(self);
            assertEquals(0, Scheduling.takeShortSlices());
            nice[1] = Scheduling.nice(self);
            return Scheduling.sliceNs(self);
        });

        assertEquals(nice[0], nice[1]);
        // Kernels before 6.12 have no slices of a thread's own.
        assertEquals(slice == 0 ? 0 : Scheduling.SHORTEST_SLICE_NS, slice);
    }

    @Test
    void shouldGiveAnotherThreadShortSlicesAndLeaveTheCallersAlone() throws Exception {
        long[] own = new long[2];
        long slice = onItsOwnThread("short-for-other", () -> {
            int self = Scheduling.threads("short-for-other").getFirst();
            Thread other = Thread.ofPlatform().name("giver").start(() -> {
                int giver = threadOf("giver");
                own[0] = Scheduling.sliceNs(giver);
                assertEquals(0, Scheduling.giveShortSlices(self));
                own[1] = Scheduling.sliceNs(giver);
            });
            other.join();
            return Scheduling.sliceNs(self);
        });

        assertEquals(own[0], own[1]);
        assertEquals(slice == 0 ? 0 : Scheduling.SHORTEST_SLICE_NS, slice);
    }

    private static int threadOf(String name) {
        try {
            return Scheduling.threads(name).getFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldGiveWayOnceAndNeverPushForward() throws Exception {
        int before = Scheduling.nice(0);
        int[] nice = new int[2];
        onItsOwnThread("gives-way", () -> {
            int self = Scheduling.threads("gives-way").getFirst();
            Thread other = Thread.ofPlatform().start(() -> {
                assertEquals(0, Scheduling.giveWay(self, 5));
                nice[0] = Scheduling.nice(self);
                assertEquals(0, Scheduling.giveWay(self, 0));
                nice[1] = Scheduling.nice(self);
            });
            other.join();
            return 0L;
        });

        int wanted = Math.min(before + 5, NICEST);
        assertEquals(wanted, nice[0]);
        assertEquals(wanted, nice[1]);
    }

    @Test
    void shouldFindTheCompilersByName() throws Exception {
        assertFalse(Scheduling.threads("C1 Compiler").isEmpty());
    }

    /** A name of its own, too: a thread of another test may not be quite gone. */
    private static long onItsOwnThread(String name, Callable<Long> task) throws Exception {
        FutureTask<Long> result = new FutureTask<>(task);
        Thread.ofPlatform().name(name).start(result);
        return result.get();
    }
}

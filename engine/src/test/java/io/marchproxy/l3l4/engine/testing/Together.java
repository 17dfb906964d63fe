package io.marchproxy.l3l4.engine.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.opentest4j.AssertionFailedError;

/** Runs tasks at the same time on virtual threads; the first failure is the caller's. */
public final class Together {

    /** A task, by its number. */
    @FunctionalInterface
    public interface Task {
        void run(int number) throws Exception;
    }

    private Together() {}

    /** Runs the task {@code count} times at once, numbered from 0, and waits for all. */
    public static void run(int count, Duration deadline, Task task) {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            tasks.add(() -> {
                task.run(number);
                return null;
            });
        }
        run(tasks, deadline);
    }

    private static void run(List<Callable<Void>> tasks, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            List<Future<Void>> futures = tasks.stream().map(threads::submit).toList();
            for (Future<Void> future : futures) {
                future.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (TimeoutException e) {
            throw new AssertionFailedError("not all done within " + deadline.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new AssertionFailedError("one of " + tasks.size() + " failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionFailedError("interrupted", e);
        } finally {
            threads.shutdownNow();
        }
    }
}

package io.marchproxy.l3l4.engine.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/** Waits for a condition, never for a time: looks every few milliseconds until it holds or the deadline passes. */
public final class Await {

    private static final long LOOK_EVERY_NS = Duration.ofMillis(10).toNanos();

    private Await() {}

    /** Returns once {@code condition} is true; an exception counts as "not yet" and is the cause if it never is. */
    public static void until(String what, Duration deadline, Callable<Boolean> condition) {
        value(what, deadline, condition, Boolean::booleanValue);
    }

    /**
     * Returns the first value that is wanted; the failure shows the last one seen. An assertion that fails while looking
     * ends the waiting: it says that waiting longer is vain.
     */
    public static <T> T value(String what, Duration deadline, Callable<T> look, Predicate<? super T> wanted) {
        long end = System.nanoTime() + deadline.toNanos();
        T last;
        Throwable lastFailure;
        do {
            try {
                last = look.call();
                lastFailure = null;
                if (wanted.test(last)) {
                    return last;
                }
            } catch (Exception e) {
                last = null;
                lastFailure = e;
            }
            LockSupport.parkNanos(LOOK_EVERY_NS);
        } while (System.nanoTime() < end && !Thread.currentThread().isInterrupted());
        throw failure(what, deadline, last, lastFailure);
    }

    private static AssertionFailedError failure(
            String what, Duration deadline, @Nullable Object last, @Nullable Throwable cause) {
        String seen = cause == null ? "last seen: " + last : "last failure: " + cause;
        return new AssertionFailedError("not within " + deadline.toMillis() + " ms: " + what + "; " + seen, cause);
    }
}

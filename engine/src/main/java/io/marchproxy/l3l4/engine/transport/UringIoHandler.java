package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has one of Netty's event loops wait for an io_uring of ours, and tells {@link UringHandle}s what completed. Netty's own
 * handler makes an object in each turn and, where the loop has a timer, an operation of its own for each wait, which completes as
 * well; here the limit of the wait is an argument of the one call that a turn makes (IORING_ENTER_EXT_ARG).
 *
 * <p>User data of an operation: registration's number, from 1 (32 bits), purpose (32 bits).
 */
final class UringIoHandler implements IoHandler {
    private static final Logger LOG = LoggerFactory.getLogger(UringIoHandler.class);

    /** Times that one turn asks for more: the kernel makes only so many completions at a time, and a larger batch is cheaper. */
    private static final int ROUNDS = 128;

    /** Number of the registration by which the handler itself is woken. */
    private static final int OWN = 0;

    private static final int FIRST_REGISTRATIONS = 64;
    private static final int NUMBER_SHIFT = 32;
    private static final long PAUSE_AFTER_FAILURE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_GOODBYE_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ThreadAwareExecutor executor;
    private final UringQueues queues;
    private final LoopAlarm alarm;
    private @Nullable UringRegistration[] registrations = new @Nullable UringRegistration[FIRST_REGISTRATIONS];
    private int[] freeNumbers = new int[FIRST_REGISTRATIONS];
    private int free;
    private int numbers = 1;
    private boolean isEnding;
    private boolean isClosed;

    private UringIoHandler(ThreadAwareExecutor executor, int submissionEntries, int completionEntries) {
        this.executor = executor;
        queues = new UringQueues(submissionEntries, completionEntries);
        try {
            alarm = new LoopAlarm();
        } catch (RuntimeException e) {
            queues.close();
            throw e;
        }
    }

    /** Handlers with queues of so many entries. */
    static IoHandlerFactory factory(int submissionEntries, int completionEntries) {
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new UringIoHandler(executor, submissionEntries, completionEntries);
            }

            @Override
            public boolean isChangingThreadSupported() {
                return false;
            }
        };
    }

    /** Descriptor of the io_uring that a loop waits for. Loop's thread. */
    static int descriptorOf(EventLoop loop) throws IOException {
        IoRegistration registration =
                ((IoEventLoop) loop).register(new Nothing()).getNow();
        if (registration == null) {
            throw new IOException("the event loop takes nothing any more");
        }
        registration.cancel();
        return UringRegistration.of(registration).handler().queues.fd();
    }

    static long userData(int number, int purpose) {
        return (long) number << NUMBER_SHIFT | purpose;
    }

    UringQueues queues() {
        return queues;
    }

    @Override
    public void initialize() {
        queues.enable();
        UringRegistration own = new UringRegistration(this, alarm, OWN);
        registrations[OWN] = own;
        alarm.begin(own);
    }

    /** Netty's loop ends, and the shard with it, by what is thrown here: the next turn tries again instead. */
    @Override
    public int run(IoHandlerContext context) {
        try {
            return isClosed ? 0 : turn(context);
        } catch (RuntimeException e) {
            LOG.error("a turn of the event loop failed", e);
            LockSupport.parkNanos(this, PAUSE_AFTER_FAILURE_NS);
            return 0;
        }
    }

    private int turn(IoHandlerContext context) {
        if (queues.completions() == 0 && context.canBlock()) {
            long atMostNs = context.deadlineNanos() == -1 ? -1 : Math.max(0, context.delayNanos(System.nanoTime()));
            queues.enterAndWait(atMostNs);
        } else if (queues.wantsEnter()) {
            queues.enter();
        }
        int handled = handleCompletions();
        for (int i = 1; i < ROUNDS && queues.wantsEnter(); i++) {
            queues.enter();
            handled += handleCompletions();
        }
        return handled;
    }

    /** Handles those that are there. What a handle submits meanwhile may complete at once; it is for the next round. */
    private int handleCompletions() {
        int handled = 0;
        for (int left = queues.completions(); left > 0; left--) {
            long completion = queues.first();
            long userData = UringQueues.userData(completion);
            int result = UringQueues.result(completion);
            int flags = UringQueues.flags(completion);
            queues.advance();
            int number = (int) (userData >>> NUMBER_SHIFT);
            if (number != OWN) {
                handled++;
            }
            tell(number, (int) userData, result, flags);
        }
        return handled;
    }

    private void tell(int number, int purpose, int result, int flags) {
        UringRegistration registration = registrations[number];
        if (registration == null) {
            throw new IllegalStateException("a completion for nobody");
        }
        try {
            registration.completed(purpose, result, flags);
        } catch (RuntimeException e) {
            LOG.warn("a completion was not handled", e);
        }
    }

    @Override
    public IoRegistration register(IoHandle handle) {
        if (isEnding) {
            throw new IllegalStateException("the event loop is ending");
        }
        int number = free > 0 ? freeNumbers[--free] : numbers++;
        if (number == registrations.length) {
            registrations = Arrays.copyOf(registrations, 2 * number);
        }
        UringRegistration registration = new UringRegistration(this, (UringHandle) handle, number);
        registrations[number] = registration;
        handle.registered();
        return registration;
    }

    /** Its number is free: none of its operations is under way any more. */
    void remove(UringRegistration registration) {
        registrations[registration.number()] = null;
        if (free == freeNumbers.length) {
            freeNumbers = Arrays.copyOf(freeNumbers, 2 * free);
        }
        freeNumbers[free++] = registration.number();
    }

    /** Closes the handles, and waits a while for their operations to end. */
    @Override
    public void prepareToDestroy() {
        if (isClosed) {
            return;
        }
        isEnding = true;
        for (UringRegistration registration : registrations.clone()) {
            if (registration != null && registration.number() != OWN) {
                close(registration);
            }
        }
        long beganNs = System.nanoTime();
        while (numbers - 1 > free && System.nanoTime() - beganNs < LONGEST_GOODBYE_NS) {
            queues.enterAndWait(LONGEST_GOODBYE_NS / 10);
            handleCompletions();
        }
    }

    private static void close(UringRegistration registration) {
        try {
            registration.handle().close();
        } catch (RuntimeException e) {
            LOG.warn("a handle was not closed", e);
        }
    }

    /** Netty skips the preparation where the end is asked for between its last turn and its look whether to end. */
    @Override
    public void destroy() {
        if (!isClosed) {
            try {
                prepareToDestroy();
            } finally {
                isClosed = true;
                queues.close();
                alarm.close();
            }
        }
    }

    @Override
    public void wakeup() {
        if (!executor.isExecutorThread(Thread.currentThread())) {
            alarm.ring();
        }
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return UringHandle.class.isAssignableFrom(handleType);
    }

    /** Is registered to find its handler. */
    private static final class Nothing implements UringHandle {
        @Override
        public void completed(int purpose, int result, int flags) {
            throw new IllegalStateException("nothing was asked for");
        }

        @Override
        public void close() {
            // has nothing
        }
    }
}

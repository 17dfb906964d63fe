package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Puts a hook around each batch of an event loop's I/O, which Netty itself offers none for, and has the loop look for work
 * before it blocks, as its budget allows.
 */
public final class BatchingIoHandler implements IoHandler {
    /** Times its length that a rest may take: the kernel's timer slack, and waking up. */
    private static final int REST_MAY_TAKE = 2;

    private final IoHandler delegate;
    private final BatchHook hook;
    private final SpinBudget spin;
    private final Looking looking = new Looking();

    private BatchingIoHandler(IoHandler delegate, BatchHook hook, SpinBudget spin) {
        this.delegate = delegate;
        this.hook = hook;
        this.spin = spin;
    }

    /** A factory whose handlers call the hook around what the given factory's handlers do. For one event loop. */
    public static IoHandlerFactory around(IoHandlerFactory factory, BatchHook hook, SpinBudget spin) {
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new BatchingIoHandler(factory.newHandler(executor), hook, spin);
            }

            @Override
            public boolean isChangingThreadSupported() {
                return factory.isChangingThreadSupported();
            }
        };
    }

    @Override
    public void initialize() {
        delegate.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        long restNs = hook.takeRestNs();
        if (restNs > 0 && context.canBlock() && context.delayNanos(System.nanoTime()) >= REST_MAY_TAKE * restNs) {
            LockSupport.parkNanos(this, restNs);
        }
        hook.batchBegins();
        try {
            if (hook.hasWork()) {
                return delegate.run(looking.instead(context));
            }
            int handled = context.canBlock() && spin.isWorthATry() ? look(context) : 0;
            return handled > 0 ? handled : delegate.run(context);
        } finally {
            hook.batchEnds();
        }
    }

    /** Looks for I/O until there is some, or a task or timer wants the loop, or the budget is spent. How much was handled. */
    private int look(IoHandlerContext context) {
        IoHandlerContext unblocked = looking.instead(context);
        long beganNs = System.nanoTime();
        while (context.canBlock()) {
            int handled = delegate.run(unblocked);
            if (handled > 0) {
                spin.paid();
                return handled;
            }
            if (System.nanoTime() - beganNs >= spin.budgetNs()) {
                spin.spentInVain();
                return 0;
            }
            Thread.onSpinWait();
        }
        spin.paid();
        return 0;
    }

    @Override
    public void prepareToDestroy() {
        delegate.prepareToDestroy();
    }

    @Override
    public void destroy() {
        delegate.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return delegate.register(handle);
    }

    @Override
    public void wakeup() {
        delegate.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return delegate.isCompatible(handleType);
    }

    /** The loop's context, but for blocking. */
    private static final class Looking implements IoHandlerContext {
        private @Nullable IoHandlerContext loop;

        IoHandlerContext instead(IoHandlerContext of) {
            loop = of;
            return this;
        }

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
            return loop().deadlineNanos();
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            return loop().shouldReportActiveIoTime();
        }

        @Override
        public void reportActiveIoTime(long activeNanos) {
            loop().reportActiveIoTime(activeNanos);
        }

        private IoHandlerContext loop() {
            return Objects.requireNonNull(loop);
        }
    }
}

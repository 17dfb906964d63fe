package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Puts a hook around each batch of an event loop's I/O, which Netty itself offers none for. */
public final class BatchingIoHandler implements IoHandler {
    private final IoHandler delegate;
    private final BatchHook hook;
    private final Unblocked unblocked = new Unblocked();

    private BatchingIoHandler(IoHandler delegate, BatchHook hook) {
        this.delegate = delegate;
        this.hook = hook;
    }

    /** A factory whose handlers call the hook around what the given factory's handlers do. */
    public static IoHandlerFactory around(IoHandlerFactory factory, BatchHook hook) {
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new BatchingIoHandler(factory.newHandler(executor), hook);
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
        hook.batchBegins();
        try {
            return delegate.run(hook.hasWork() ? unblocked.instead(context) : context);
        } finally {
            hook.batchEnds();
        }
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
        IoRegistration registration = delegate.register(handle);
        return handle instanceof EpollIoHandle ? new LastingRegistration(registration) : registration;
    }

    @Override
    public void wakeup() {
        delegate.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return delegate.isCompatible(handleType);
    }

    /** The loop's context for a turn that is not to wait. */
    private static final class Unblocked implements IoHandlerContext {
        private @Nullable IoHandlerContext context;

        IoHandlerContext instead(IoHandlerContext of) {
            context = of;
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
            return Objects.requireNonNull(context).deadlineNanos();
        }

        @Override
        public void reportActiveIoTime(long activeNanos) {
            Objects.requireNonNull(context).reportActiveIoTime(activeNanos);
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            return Objects.requireNonNull(context).shouldReportActiveIoTime();
        }
    }
}

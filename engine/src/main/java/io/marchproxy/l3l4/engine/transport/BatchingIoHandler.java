package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.util.concurrent.ThreadAwareExecutor;

/** Puts a hook around each batch of an event loop's I/O, which Netty itself offers none for. */
public final class BatchingIoHandler implements IoHandler {
    private final IoHandler delegate;
    private final BatchHook hook;

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
            return delegate.run(context);
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
}

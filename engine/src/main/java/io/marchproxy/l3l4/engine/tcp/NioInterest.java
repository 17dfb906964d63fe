package io.marchproxy.l3l4.engine.tcp;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A channel's place in the selector, made to tell each change once: what was told is not waited for again until it is asked
 * for. Event loop's thread.
 */
final class NioInterest {
    private final IoRegistration registration;
    private int ops;

    /**
     * Begins to wait.
     *
     * @param ops of {@link SelectionKey} to wait for
     * @param told is given those that came to pass
     */
    NioInterest(EventLoop loop, SelectableChannel channel, int ops, IntConsumer told) throws IOException {
        IoRegistration granted =
                ((IoEventLoop) loop).register(new Handle(channel, told)).getNow();
        if (granted == null) {
            throw new IOException("the event loop does not take a channel");
        }
        registration = granted;
        await(ops);
    }

    /** Waits for these, too. */
    void await(int wanted) {
        change(ops | wanted);
    }

    /** Ends the waiting. */
    void end() {
        registration.cancel();
    }

    private void change(int wanted) {
        if (wanted != ops && registration.isValid()) {
            ops = wanted;
            registration.submit(NioIoOps.valueOf(wanted));
        }
    }

    private final class Handle extends NioSelectableChannelIoHandle<SelectableChannel> {
        private final IntConsumer told;

        Handle(SelectableChannel channel, IntConsumer told) {
            super(channel);
            this.told = told;
        }

        @Override
        protected void handle(SelectableChannel source, SelectionKey key) {
            int ready = key.readyOps();
            change(ops & ~ready);
            told.accept(ready);
        }

        /** The loop ends; the channel is closed by its owner. */
        @Override
        public void close() {
            @Nullable IoRegistration granted = registration;
            if (granted != null) {
                granted.cancel();
            }
        }
    }
}

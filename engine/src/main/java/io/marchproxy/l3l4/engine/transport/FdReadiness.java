package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Tells of a file descriptor's readiness to be read, by whatever an event loop waits on. Loop's thread.
 *
 * <p>The descriptor is not owned: who registered it closes it, but only when {@link #close} says that the kernel holds it
 * no longer. An operation of io_uring that is not yet submitted would otherwise meet another file under the same number.
 */
public abstract class FdReadiness {
    /** Called on the loop's thread when there may be something to read. */
    @FunctionalInterface
    public interface Callback {
        /**
         * There may be something to read.
         *
         * @param hasError whether an error is pending, in the socket or its error queue
         */
        void ready(boolean hasError);
    }

    private final Callback callback;
    private @Nullable Runnable whenGone;
    private boolean isClosed;
    private boolean isGone;

    FdReadiness(Callback callback) {
        this.callback = callback;
    }

    /**
     * Begins to tell.
     *
     * @param fd non-blocking
     * @throws IOException if the loop does not take it, as when it is shutting down
     */
    public static FdReadiness register(EventLoop loop, TransportKind transport, int fd, Callback callback)
            throws IOException {
        FdReadiness readiness = switch (transport) {
            case IO_URING -> new IoUringReadiness(loop, fd, callback);
            case EPOLL -> new EpollReadiness(fd, callback);
            case NIO -> throw new IllegalArgumentException("NIO waits for channels, not for descriptors");
        };
        Future<IoRegistration> registered = ((IoEventLoop) loop).register(readiness.handle());
        IoRegistration registration = registered.getNow();
        if (registration == null) {
            throw new IOException("the event loop does not take a descriptor", registered.cause());
        }
        readiness.begin(registration);
        return readiness;
    }

    /**
     * Asks for another call in the loop's next turn, though nothing new may come: the caller stopped reading early so that
     * others get their turn.
     */
    public abstract void again();

    /**
     * Ends the calls: there is none after this.
     *
     * @param afterwards is run once, when the descriptor may be closed
     */
    public final void close(Runnable afterwards) {
        whenGone = afterwards;
        if (isGone) {
            afterwards.run();
        } else if (!isClosed) {
            isClosed = true;
            end();
        }
    }

    /** What is registered with the loop. */
    abstract IoHandle handle();

    abstract void begin(IoRegistration registration);

    /** Cancels what is pending; {@link #gone()} follows. */
    abstract void end();

    final boolean isClosed() {
        return isClosed;
    }

    final void fire(boolean hasError) {
        if (!isClosed) {
            callback.ready(hasError);
        }
    }

    /** The loop itself ends: nothing is told any more, but the descriptor stays open until its owner closes it. */
    final void loopEnds() {
        if (!isClosed) {
            isClosed = true;
            end();
        }
    }

    final void gone() {
        isGone = true;
        isClosed = true;
        Runnable afterwards = whenGone;
        if (afterwards != null) {
            afterwards.run();
        }
    }
}

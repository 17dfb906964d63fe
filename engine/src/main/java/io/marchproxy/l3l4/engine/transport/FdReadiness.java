package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Tells of a file descriptor's readiness, by whatever an event loop waits on. Loop's thread.
 *
 * <p>The descriptor is not owned: who registered it closes it, but only when {@link #close} says that the kernel holds it
 * no longer. An operation of io_uring that is not yet submitted would otherwise meet another file under the same number.
 */
public abstract class FdReadiness {
    /** Bits of what is told, which poll(2), epoll and io_uring number alike (asm-generic/poll.h). */
    public static final int READABLE = 1;

    /**
     * Urgent data stands in the stream, at which a read stops short (tcp(7)). Told by epoll alone: what io_uring completes a
     * poll with are the bits of the wake-up, and a socket that becomes readable is woken with this one, too.
     */
    public static final int URGENT = 2;

    public static final int WRITABLE = 4;
    public static final int ERROR = 8;

    /** Both directions of a stream are over. */
    public static final int HUNG_UP = 0x10;

    /** The peer of a stream has sent its FIN. */
    public static final int PEER_ENDED = 0x2000;

    private static final int EVERYTHING = READABLE | WRITABLE | PEER_ENDED;

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

    /** Called on the loop's thread whenever something has changed. */
    @FunctionalInterface
    public interface Watcher {
        /**
         * Something has changed.
         *
         * @param events bits of all that holds now, not of the change alone
         */
        void ready(int events);
    }

    private final Watcher watcher;
    private @Nullable Runnable whenGone;
    private boolean isClosed;
    private boolean isGone;

    FdReadiness(Watcher watcher) {
        this.watcher = watcher;
    }

    /**
     * Begins to tell of what can be read; of what is left unread, {@link #again} asks.
     *
     * @param fd non-blocking
     * @throws IOException if the loop does not take it, as when it is shutting down
     */
    public static FdReadiness register(EventLoop loop, TransportKind transport, int fd, Callback callback)
            throws IOException {
        Watcher watcher = events -> callback.ready((events & ERROR) != 0);
        return register(
                loop,
                switch (transport) {
                    case IO_URING -> new IoUringReadiness(loop, fd, READABLE, watcher);
                    case EPOLL -> new EpollReadiness(fd, READABLE, watcher);
                    case NIO -> throw new IllegalArgumentException("NIO waits for channels, not for descriptors");
                });
    }

    /**
     * Begins to tell of changes of a stream in both directions: each is told once (edge-triggered), and the watcher keeps in
     * mind what it did not act on.
     *
     * @param fd non-blocking
     * @throws IOException if the loop does not take it, as when it is shutting down
     */
    public static FdReadiness watch(EventLoop loop, TransportKind transport, int fd, Watcher watcher)
            throws IOException {
        return register(
                loop,
                switch (transport) {
                    case IO_URING -> new IoUringReadiness(loop, fd, EVERYTHING, watcher);
                    case EPOLL -> new EpollReadiness(fd, EVERYTHING | URGENT | EpollReadiness.EDGES, watcher);
                    case NIO -> throw new IllegalArgumentException("NIO waits for channels, not for descriptors");
                });
    }

    private static FdReadiness register(EventLoop loop, FdReadiness readiness) throws IOException {
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

    final void fire(int events) {
        if (!isClosed) {
            watcher.ready(events);
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

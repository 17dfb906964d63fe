package io.marchproxy.l3l4.engine.transport;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Receives a socket's messages by one RECVMSG of io_uring that completes with each of them (multishot), every time with a
 * buffer of a {@link BufferRing}. It is renewed when it ends; when it ended for want of a buffer, once half of them are
 * back. Loop's thread.
 *
 * <p>The descriptor is not owned, as with {@link FdReadiness}. Numbers are those of io_uring.h.
 */
public final class MultishotReceive implements UringHandle {
    private static final int CQE_F_BUFFER = 1;
    private static final int CQE_BUFFER_SHIFT = 16;
    private static final int RECEIVE = 1;
    private static final int CANCEL = 2;
    private static final long PAUSE_AFTER_FAILURE_MS = 10;

    /** Failures in a row that a socket's errors may explain; more are taken for a refusal, lest the loop ask without end. */
    private static final int MOST_FAILURES = 100;

    /** Told on the loop's thread. */
    public interface Callback {
        /**
         * A message came; the buffer is the callback's to release.
         *
         * @param id the buffer's number
         * @param buffer its address: an io_uring_recvmsg_out, name, control messages and payload
         */
        void received(int id, long buffer);

        /** The socket had an error, such as that of an ICMP message. The receiving goes on. */
        void failed(int errno);

        /** The kernel does not receive from the socket. Unless the callback ends the receiving, it is asked again in a while. */
        void refused(int errno);

        /** No buffer was left. The receiving goes on when there are some again. */
        void starved();
    }

    private final EventLoop loop;
    private final int fd;
    private final BufferRing buffers;
    private final long header;
    private final Callback callback;
    private @Nullable IoRegistration registration;
    private @Nullable UringRegistration operations;
    private @Nullable Runnable whenGone;
    private long receiveId = UringRegistration.NONE;
    private int failures;
    private boolean isClosed;
    private boolean isGone;

    private MultishotReceive(EventLoop loop, int fd, BufferRing buffers, long header, Callback callback) {
        this.loop = loop;
        this.fd = fd;
        this.buffers = buffers;
        this.header = header;
        this.callback = callback;
    }

    /**
     * Begins to receive.
     *
     * @param header address of a msghdr that says how much room name and control messages get, and lives as long
     * @throws IOException if the loop does not take it, as when it is shutting down
     */
    public static MultishotReceive begin(EventLoop loop, int fd, BufferRing buffers, long header, Callback callback)
            throws IOException {
        MultishotReceive receive = new MultishotReceive(loop, fd, buffers, header, callback);
        var registered = ((IoEventLoop) loop).register(receive);
        IoRegistration granted = registered.getNow();
        if (granted == null) {
            throw new IOException("the event loop does not take a socket", registered.cause());
        }
        receive.registration = granted;
        receive.operations = UringRegistration.of(granted);
        receive.arm();
        return receive;
    }

    private void arm() {
        UringRegistration granted = operations;
        if (!isClosed && granted != null && receiveId == UringRegistration.NONE) {
            receiveId = granted.receive(fd, header, BufferRing.GROUP, RECEIVE);
        }
    }

    @Override
    public void completed(int purpose, int result, int flags) {
        if (purpose != RECEIVE) {
            return;
        }
        boolean isOver = (flags & UringRegistration.CQE_F_MORE) == 0;
        if (isOver) {
            receiveId = UringRegistration.NONE;
        }
        if ((flags & CQE_F_BUFFER) != 0) {
            received(flags >>> CQE_BUFFER_SHIFT, result);
        }
        if (isOver && !isClosed) {
            renew(result);
        }
    }

    private void received(int id, int result) {
        long buffer = buffers.take(id);
        if (isClosed || result < 0) {
            buffers.release(buffer);
        } else {
            failures = 0;
            callback.received(id, buffer);
        }
    }

    private void renew(int result) {
        switch (-result) {
            case Errno.ENOBUFS -> {
                callback.starved();
                buffers.await(this::arm);
            }
            case Errno.ENOMEM, Errno.EBADF, Errno.EINVAL, Errno.EIO, Errno.EOPNOTSUPP -> refused(-result);
            default -> {
                if (result >= 0) {
                    arm();
                } else if (++failures > MOST_FAILURES) {
                    refused(-result);
                } else {
                    callback.failed(-result);
                    arm();
                }
            }
        }
    }

    private void refused(int errno) {
        callback.refused(errno);
        loop.schedule(this::arm, PAUSE_AFTER_FAILURE_MS, TimeUnit.MILLISECONDS);
    }

    /**
     * Ends the receiving: no callback after this.
     *
     * @param afterwards is run once, when the descriptor may be closed
     */
    public void close(Runnable afterwards) {
        whenGone = afterwards;
        if (isGone) {
            afterwards.run();
        } else {
            close();
        }
    }

    /** The loop itself ends, or the owner's wish. */
    @Override
    public void close() {
        IoRegistration granted = registration;
        UringRegistration ending = operations;
        if (isClosed || granted == null || ending == null) {
            return;
        }
        isClosed = true;
        if (receiveId != UringRegistration.NONE) {
            ending.cancel(receiveId, CANCEL);
        }
        granted.cancel();
    }

    @Override
    public void unregistered() {
        isGone = true;
        isClosed = true;
        Runnable afterwards = whenGone;
        if (afterwards != null) {
            afterwards.run();
        }
    }
}

package io.marchproxy.l3l4.engine.transport;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
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
public final class MultishotReceive implements IoUringIoHandle {
    private static final byte OP_RECVMSG = 10;
    private static final byte OP_ASYNC_CANCEL = 14;
    private static final byte SQE_BUFFER_SELECT = 1 << 5;
    private static final short RECV_MULTISHOT = 1 << 1;
    private static final int CQE_F_BUFFER = 1;
    private static final int CQE_F_MORE = 2;
    private static final int CQE_BUFFER_SHIFT = 16;
    private static final int RECEIVE = 1;
    private static final int CANCEL = 2;
    private static final long NONE = 0;
    private static final long PAUSE_AFTER_FAILURE_MS = 10;

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

        /** The kernel does not receive from the socket. It is asked again in a while. */
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
    private @Nullable Runnable whenGone;
    private long receiveId = NONE;
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
        receive.arm();
        return receive;
    }

    private void arm() {
        IoRegistration granted = registration;
        if (!isClosed && granted != null && receiveId == NONE) {
            short none = 0;
            receiveId = granted.submit(new IoUringIoOps(
                    OP_RECVMSG,
                    SQE_BUFFER_SELECT,
                    RECV_MULTISHOT,
                    fd,
                    0L,
                    header,
                    1,
                    0,
                    (long) RECEIVE,
                    BufferRing.GROUP,
                    none,
                    0,
                    0L));
        }
    }

    private static IoUringIoOps cancel(long id) {
        short none = 0;
        return new IoUringIoOps(OP_ASYNC_CANCEL, (byte) 0, none, -1, 0L, id, 0, 0, (long) CANCEL, none, none, 0, 0L);
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        IoUringIoEvent completion = (IoUringIoEvent) event;
        if (completion.userData() != RECEIVE) {
            return;
        }
        int flags = completion.flags();
        int result = completion.res();
        boolean isOver = (flags & CQE_F_MORE) == 0;
        if (isOver) {
            receiveId = NONE;
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
            callback.received(id, buffer);
        }
    }

    private void renew(int result) {
        switch (-result) {
            case Errno.ENOBUFS -> {
                callback.starved();
                buffers.await(this::arm);
            }
            case Errno.ENOMEM, Errno.EBADF, Errno.EINVAL, Errno.EIO -> {
                callback.refused(-result);
                loop.schedule(this::arm, PAUSE_AFTER_FAILURE_MS, TimeUnit.MILLISECONDS);
            }
            default -> {
                if (result < 0) {
                    callback.failed(-result);
                }
                arm();
            }
        }
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
        if (isClosed || granted == null) {
            return;
        }
        isClosed = true;
        if (receiveId != NONE) {
            granted.submit(cancel(receiveId));
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

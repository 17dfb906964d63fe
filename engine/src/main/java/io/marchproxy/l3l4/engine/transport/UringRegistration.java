package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;

/**
 * A handle's place at its {@link UringIoHandler}, through which it submits operations. It ends when it was cancelled and the
 * last of its operations has completed. Loop's thread.
 */
final class UringRegistration implements IoRegistration {
    /** No operation. */
    static final long NONE = 0;

    /** More completions of the same operation follow. */
    static final int CQE_F_MORE = 2;

    private static final byte OP_POLL_ADD = 6;
    private static final byte OP_RECVMSG = 10;
    private static final byte OP_ASYNC_CANCEL = 14;
    private static final byte SQE_BUFFER_SELECT = 1 << 5;
    private static final short RECV_MULTISHOT = 1 << 1;
    private static final int POLL_ADD_MULTI = 1;
    private static final byte PLAIN = 0;
    private static final short NOTHING = 0;

    private final UringIoHandler handler;
    private final UringHandle handle;
    private final int number;
    private int outstanding;
    private boolean isCancelled;
    private boolean isOver;

    UringRegistration(UringIoHandler handler, UringHandle handle, int number) {
        this.handler = handler;
        this.handle = handle;
        this.number = number;
    }

    int number() {
        return number;
    }

    UringHandle handle() {
        return handle;
    }

    /** The one that an event loop's own face of a registration stands for; that face is the one to cancel. */
    static UringRegistration of(IoRegistration granted) {
        return granted.attachment();
    }

    UringIoHandler handler() {
        return handler;
    }

    /**
     * Asks for readiness.
     *
     * @param events bits of {@link FdReadiness}
     * @param isMultishot whether it completes with every wake-up, not once
     * @param purpose what the handle is told with the completion
     * @return the operation, to cancel it by
     */
    long poll(int fd, int events, boolean isMultishot, int purpose) {
        int length = isMultishot ? POLL_ADD_MULTI : 0;
        return submit(OP_POLL_ADD, PLAIN, NOTHING, fd, 0, length, events, NOTHING, purpose);
    }

    /**
     * Receives messages, one completion each.
     *
     * @param header address of the msghdr that says how much room name and control messages get
     * @param group of the provided buffers
     */
    long receive(int fd, long header, short group, int purpose) {
        return submit(OP_RECVMSG, SQE_BUFFER_SELECT, RECV_MULTISHOT, fd, header, 1, 0, group, purpose);
    }

    /** Ends an operation, which completes with that. */
    void cancel(long operation, int purpose) {
        submit(OP_ASYNC_CANCEL, PLAIN, NOTHING, -1, operation, 0, 0, NOTHING, purpose);
    }

    private long submit(
            byte operation,
            byte flags,
            short priority,
            int fd,
            long address,
            int length,
            int operationFlags,
            short group,
            int purpose) {
        if (isCancelled) {
            return NONE;
        }
        long userData = UringIoHandler.userData(number, purpose);
        handler.queues().submit(operation, flags, priority, fd, address, length, operationFlags, group, userData);
        outstanding++;
        return userData;
    }

    void completed(int purpose, int result, int flags) {
        if ((flags & CQE_F_MORE) == 0) {
            outstanding--;
        }
        try {
            handle.completed(purpose, result, flags);
        } finally {
            endIfOver();
        }
    }

    @Override
    public boolean isValid() {
        return !isCancelled;
    }

    @Override
    public boolean cancel() {
        if (isCancelled) {
            return false;
        }
        isCancelled = true;
        endIfOver();
        return true;
    }

    private void endIfOver() {
        if (isCancelled && !isOver && outstanding == 0) {
            isOver = true;
            handler.remove(this);
            handle.unregistered();
        }
    }

    @Override
    public long submit(IoOps operations) {
        throw new UnsupportedOperationException("operations are submitted by name");
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // as Netty has it: who asks knows what there is
    public <T> T attachment() {
        return (T) this;
    }
}

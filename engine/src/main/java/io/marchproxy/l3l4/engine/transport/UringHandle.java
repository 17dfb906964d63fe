package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;

/** What a {@link UringIoHandler} tells of completions. Loop's thread. */
interface UringHandle extends IoHandle {
    /**
     * An operation completed.
     *
     * @param purpose as it was submitted with
     * @param result what the operation returns, or the negative errno
     * @param flags IORING_CQE_F_… of io_uring.h
     */
    void completed(int purpose, int result, int flags);

    /** Ends what it asked for, and its registration: the loop ends. */
    @Override
    void close();

    /** The face that Netty knows takes an object for each event; nobody calls it. */
    @Override
    default void handle(IoRegistration registration, IoEvent event) {
        throw new IllegalStateException("completions are told otherwise");
    }
}

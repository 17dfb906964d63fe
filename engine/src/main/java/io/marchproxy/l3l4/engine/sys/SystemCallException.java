package io.marchproxy.l3l4.engine.sys;

import java.io.IOException;

/** A system call failed. */
public final class SystemCallException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /**
     * A failure.
     *
     * @param what was attempted, to be read before "failed"
     * @param errno as of {@link Errno}
     */
    public SystemCallException(String what, int errno) {
        super(what + " failed: " + Errno.describe(errno));
        this.errno = errno;
    }

    /** The error number. */
    public int errno() {
        return errno;
    }

    /** Passes a result on, or throws what a negative one stands for. */
    public static int check(String what, int result) throws SystemCallException {
        if (result < 0) {
            throw new SystemCallException(what, -result);
        }
        return result;
    }
}

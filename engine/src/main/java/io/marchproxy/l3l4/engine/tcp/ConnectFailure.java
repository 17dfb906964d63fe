package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.ErrorWords;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;

/** Finds the errno behind a failed connect, whichever transport reports it. */
final class ConnectFailure {
    /** A time-out of ours, which is no errno. */
    static final int TIMED_OUT = 0;

    private ConnectFailure() {}

    /** The errno, or {@link #TIMED_OUT}. */
    static int errno(Throwable failure) {
        if (failure instanceof SystemCallException call) {
            return call.errno();
        }
        if (failure instanceof NoRouteToHostException) {
            return Errno.EHOSTUNREACH;
        }
        if (failure instanceof ConnectException || failure instanceof PortUnreachableException) {
            return ErrorWords.errno(failure.getMessage(), Errno.ECONNREFUSED);
        }
        // Of what remains, only what says so is the backend's: ports and buffers that run out look much the same.
        return ErrorWords.errno(failure.getMessage(), Errno.EIO);
    }

    /** Whether an error says something of the backend or the way to it, and not of this process's own limits. */
    static boolean isBackends(int errno) {
        return errno == TIMED_OUT
                || errno == Errno.ECONNREFUSED
                || errno == Errno.ECONNRESET
                || errno == Errno.EHOSTUNREACH
                || errno == Errno.ENETUNREACH
                || errno == Errno.ETIMEDOUT;
    }
}

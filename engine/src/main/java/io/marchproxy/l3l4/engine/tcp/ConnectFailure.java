package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;

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
            return byWords(failure, Errno.ECONNREFUSED);
        }
        return byWords(failure, failure instanceof SocketException ? Errno.ENETUNREACH : Errno.EIO);
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

    /** The JDK tells some errors apart by their text alone. */
    private static int byWords(Throwable failure, int otherwise) {
        String words = String.valueOf(failure.getMessage());
        if (words.contains("timed out")) {
            return Errno.ETIMEDOUT;
        }
        if (words.contains("No route to host")) {
            return Errno.EHOSTUNREACH;
        }
        if (words.contains("Too many open files")) {
            return Errno.EMFILE;
        }
        if (words.contains("refused")) {
            return Errno.ECONNREFUSED;
        }
        return words.contains("unreachable") ? Errno.ENETUNREACH : otherwise;
    }
}

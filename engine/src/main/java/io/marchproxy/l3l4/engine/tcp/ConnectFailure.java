package io.marchproxy.l3l4.engine.tcp;

import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.unix.Errors;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;

/** Finds the errno behind a failed connect, whichever transport reports it. */
final class ConnectFailure {
    /** A time-out of ours, which is no errno. */
    static final int TIMED_OUT = 0;

    private static final int EIO = 5;
    private static final int EMFILE = 24;
    private static final int ECONNREFUSED = 111;
    private static final int ECONNRESET = 104;
    private static final int EHOSTUNREACH = 113;
    private static final int ENETUNREACH = 101;
    private static final int ETIMEDOUT = 110;

    private ConnectFailure() {}

    /** The errno, or {@link #TIMED_OUT}. */
    static int errno(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectTimeoutException) {
                return TIMED_OUT;
            }
            if (cause instanceof Errors.NativeIoException nativeCause) {
                return Math.abs(nativeCause.expectedErr());
            }
        }
        if (failure instanceof NoRouteToHostException) {
            return EHOSTUNREACH;
        }
        if (failure instanceof ConnectException || failure instanceof PortUnreachableException) {
            return byWords(failure, ECONNREFUSED);
        }
        return byWords(failure, failure instanceof SocketException ? ENETUNREACH : EIO);
    }

    /** Whether an error says something of the backend or the way to it, and not of this process's own limits. */
    static boolean isBackends(int errno) {
        return errno == TIMED_OUT
                || errno == ECONNREFUSED
                || errno == ECONNRESET
                || errno == EHOSTUNREACH
                || errno == ENETUNREACH
                || errno == ETIMEDOUT;
    }

    /** The JDK tells some errors apart by their text alone. */
    private static int byWords(Throwable failure, int otherwise) {
        String words = String.valueOf(failure.getMessage());
        if (words.contains("timed out")) {
            return ETIMEDOUT;
        }
        if (words.contains("No route to host")) {
            return EHOSTUNREACH;
        }
        if (words.contains("Too many open files")) {
            return EMFILE;
        }
        if (words.contains("refused")) {
            return ECONNREFUSED;
        }
        return words.contains("unreachable") ? ENETUNREACH : otherwise;
    }
}

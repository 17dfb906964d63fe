package io.marchproxy.l3l4.engine.sys;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The errno behind an exception of the JDK, which tells many errors apart by the C library's words alone. */
public final class ErrorWords {
    private ErrorWords() {}

    /**
     * The errno that a message speaks of, or another when it speaks of none that is known.
     *
     * @param message as of {@link Throwable#getMessage()}
     */
    public static int errno(@Nullable String message, int otherwise) {
        String words = String.valueOf(message).toLowerCase(Locale.ROOT);
        if (words.contains("timed out")) {
            return Errno.ETIMEDOUT;
        }
        if (words.contains("no route to host")) {
            return Errno.EHOSTUNREACH;
        }
        if (words.contains("unreachable")) {
            return Errno.ENETUNREACH;
        }
        if (words.contains("refused")) {
            return Errno.ECONNREFUSED;
        }
        if (words.contains("connection reset")) {
            return Errno.ECONNRESET;
        }
        return ofThisMachine(words, otherwise);
    }

    private static int ofThisMachine(String words, int otherwise) {
        if (words.contains("assign requested address")) {
            return Errno.EADDRNOTAVAIL;
        }
        if (words.contains("address already in use")) {
            return Errno.EADDRINUSE;
        }
        if (words.contains("no buffer space")) {
            return Errno.ENOBUFS;
        }
        if (words.contains("cannot allocate memory")) {
            return Errno.ENOMEM;
        }
        if (words.contains("too many open files in system")) {
            return Errno.ENFILE;
        }
        if (words.contains("too many open files")) {
            return Errno.EMFILE;
        }
        if (words.contains("permission denied")) {
            return Errno.EACCES;
        }
        return words.contains("not permitted") ? Errno.EPERM : otherwise;
    }

    /** Whether an error is of this machine's own making: its ports, memory, descriptors or packet filter. */
    public static boolean isLocal(int errno) {
        return switch (errno) {
            case Errno.EADDRNOTAVAIL,
                    Errno.EADDRINUSE,
                    Errno.ENOBUFS,
                    Errno.ENOMEM,
                    Errno.ENFILE,
                    Errno.EMFILE,
                    Errno.EACCES,
                    Errno.EPERM -> true;
            default -> false;
        };
    }
}

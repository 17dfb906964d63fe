package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.ErrorWords;
import io.netty.channel.ChannelException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.net.PortUnreachableException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import javax.net.ssl.SSLException;

/** Says in few words why a probe failed. */
final class ProbeErrors {
    private static final int DEEPEST = 8;
    private static final int LONGEST = 120;

    private ProbeErrors() {}

    /** Whether this machine could not ask, for want of a socket, a port or memory: that is no backend's fault. */
    static boolean isLocal(Throwable failure) {
        return failure instanceof ChannelException
                || ErrorWords.isLocal(ErrorWords.errno(deepest(failure).getMessage(), Errno.EIO));
    }

    static String words(Throwable failure) {
        Throwable deepest = deepest(failure);
        String message = String.valueOf(deepest.getMessage());
        if (failure instanceof SslHandshakeTimeoutException) {
            return "probe: no TLS handshake in time";
        }
        if (deepest instanceof NotSslRecordException) {
            // Its message is all that came, in hex.
            return "probe: the answer is no TLS";
        }
        if (failure instanceof SSLException || failure.getCause() instanceof SSLException) {
            return "probe: TLS: " + firstLine(message);
        }
        if (deepest instanceof PortUnreachableException) {
            return "probe: port unreachable";
        }
        if (deepest instanceof ClosedChannelException) {
            return "probe: the connection was closed";
        }
        return "probe: " + firstLine(message).split(":", 2)[0].toLowerCase(Locale.ROOT);
    }

    private static Throwable deepest(Throwable failure) {
        Throwable deepest = failure;
        for (int i = 0; i < DEEPEST && deepest.getCause() != null; i++) {
            deepest = deepest.getCause();
        }
        return deepest;
    }

    /** What comes of the other side's doing is no longer than what is good to read. */
    private static String firstLine(String text) {
        String line = text.lines().findFirst().orElse(text);
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }
}

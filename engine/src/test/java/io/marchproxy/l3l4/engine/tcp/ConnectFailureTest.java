package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.sys.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What java.nio throws, by the words of glibc. */
class ConnectFailureTest {
    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new ConnectException("Connection refused"), Errno.ECONNREFUSED, true),
                Arguments.of(new ConnectException("Connection timed out"), Errno.ETIMEDOUT, true),
                Arguments.of(new NoRouteToHostException("No route to host"), Errno.EHOSTUNREACH, true),
                Arguments.of(new SocketException("Network is unreachable"), Errno.ENETUNREACH, true),
                Arguments.of(new SocketException("Connection reset"), Errno.ECONNRESET, true),
                Arguments.of(new BindException("Cannot assign requested address"), Errno.EADDRNOTAVAIL, false),
                Arguments.of(new BindException("Address already in use"), Errno.EADDRINUSE, false),
                Arguments.of(new BindException("Permission denied"), Errno.EACCES, false),
                Arguments.of(new SocketException("No buffer space available"), Errno.ENOBUFS, false),
                Arguments.of(new SocketException("Cannot allocate memory"), Errno.ENOMEM, false),
                Arguments.of(new SocketException("Operation not permitted"), Errno.EPERM, false),
                Arguments.of(new SocketException("something new"), Errno.EIO, false),
                Arguments.of(new IOException("Too many open files"), Errno.EMFILE, false),
                Arguments.of(new IOException("Too many open files in system"), Errno.ENFILE, false));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void shouldTellTheBackendsErrorsFromThisMachines(IOException failure, int errno, boolean isBackends) {
        assertEquals(errno, ConnectFailure.errno(failure));
        assertEquals(isBackends, ConnectFailure.isBackends(ConnectFailure.errno(failure)));
    }
}

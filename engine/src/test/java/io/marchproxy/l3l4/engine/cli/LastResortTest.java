package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class LastResortTest {

    @Test
    void shouldTellAnyErrorInOneLine() {
        assertEquals(
                "proxy-l3l4: internal error: something (--log-level debug shows where)\n",
                told(new AssertionError("something\nand more")));
        assertEquals(
                "proxy-l3l4: internal error: java.lang.StackOverflowError (--log-level debug shows where)\n",
                told(new StackOverflowError()));
    }

    @Test
    void shouldNameWhatStandsBehindAClassThatDidNotComeUp() {
        Throwable cause = new IOException("/proc/self/fd: Too many open files");

        assertEquals(
                "proxy-l3l4: internal error: the limit of file descriptors is too low (Too many open files);"
                        + " raise it with ulimit -n, or LimitNOFILE= in a unit of systemd"
                        + " (--log-level debug shows where)\n",
                told(new NoClassDefFoundError("Could not initialize class X")
                        .initCause(new ExceptionInInitializerError(cause))));
    }

    @Test
    void shouldSayWhatToRaiseWhenMemoryIsOut() {
        assertEquals(
                "proxy-l3l4: internal error: out of memory (Java heap space); raise -Xmx or"
                        + " -XX:MaxDirectMemorySize by PROXY_L3L4_JAVA_OPTS (--log-level debug shows where)\n",
                told(new OutOfMemoryError("Java heap space")));
    }

    private static String told(Throwable error) {
        StringWriter err = new StringWriter();
        assertEquals(1, LastResort.tell(error, new PrintWriter(err)));
        return err.toString();
    }
}

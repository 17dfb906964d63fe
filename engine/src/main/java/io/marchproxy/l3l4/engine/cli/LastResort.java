package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.engine.Reason;
import io.marchproxy.l3l4.engine.StartupException;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ExitCode;

/** What becomes of an error that nobody expected: one line for the user, and the trace for who asks for it. */
public final class LastResort {
    private LastResort() {}

    /**
     * Tells of the error.
     *
     * @return the process's exit code
     */
    public static int tell(Throwable error, PrintWriter err) {
        err.println(ProxyCommand.NAME + ": "
                + (error instanceof StartupException
                        ? error.getMessage()
                        : "internal error: " + Reason.of(error) + " (--log-level debug shows where)"));
        err.flush();
        try {
            LoggerFactory.getLogger(LastResort.class).debug("internal error", error);
        } catch (Throwable _) {
            // The log may be what failed.
        }
        return ExitCode.SOFTWARE;
    }
}

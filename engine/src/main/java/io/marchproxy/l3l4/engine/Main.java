package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.cli.LastResort;
import io.marchproxy.l3l4.engine.cli.ProxyCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** The service's program. */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command and its flags
     */
    public static void main(String[] args) {
        int exitCode;
        try {
            DescriptorFloor.require();
            exitCode = ProxyCommand.commandLine().execute(args);
        } catch (Throwable e) {
            // An error: the command line itself tells of exceptions.
            exitCode = LastResort.tell(e, new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        }
        System.exit(exitCode);
    }
}

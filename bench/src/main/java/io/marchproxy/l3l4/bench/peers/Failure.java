package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;

/** How a command ends that could not measure. */
public final class Failure {
    private static final int UNAVAILABLE = 69;
    private static final int SOFTWARE = 70;

    private Failure() {}

    /** Tells the user in one line; gives the code that the command ends with. */
    public static int told(CommandSpec command, IOException failure) {
        command.commandLine().getErr().println("bench " + command.name() + ": " + failure.getMessage());
        return failure instanceof UnavailableException ? UNAVAILABLE : SOFTWARE;
    }
}

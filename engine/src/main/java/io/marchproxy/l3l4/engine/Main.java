package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.cli.ProxyCommand;

/** The service's program. */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command and its flags
     */
    public static void main(String[] args) {
        System.exit(ProxyCommand.commandLine().execute(args));
    }
}

package io.marchproxy.l3l4.engine.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code help}: what {@code --help} shows, for those who type it in the other order. */
@Command(name = "help", description = "Shows the help of a command.")
final class HelpCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "COMMAND", description = "One of the commands.")
    private @Nullable String command;

    @Override
    public void run() {
        CommandLine all = spec.commandLine().getParent();
        CommandLine one = command == null ? all : all.getSubcommands().get(command);
        if (one == null) {
            throw new ParameterException(spec.commandLine(), "there is no command '" + command + "'");
        }
        one.usage(spec.commandLine().getOut());
    }
}

package io.marchproxy.l3l4.bench;

import io.marchproxy.l3l4.bench.faults.FaultBackendCommand;
import io.marchproxy.l3l4.bench.faults.FaultsCommand;
import io.marchproxy.l3l4.bench.gate.GateCommand;
import io.marchproxy.l3l4.bench.peers.PeersCommand;
import io.marchproxy.l3l4.bench.peers.load.LoadCommand;
import io.marchproxy.l3l4.bench.state.StateCommand;
import io.marchproxy.l3l4.config.Version;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The benchmarks' command line; a command stands here once it works, not before. */
@Command(
        name = Main.NAME,
        description = "Benchmarks of proxy-l3l4.",
        mixinStandardHelpOptions = true,
        subcommands = {
            CommandLine.HelpCommand.class,
            JmhCommand.class,
            GateCommand.class,
            PeersCommand.class,
            LoadCommand.class,
            StateCommand.class,
            FaultsCommand.class,
            FaultBackendCommand.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class Main {

    static final String NAME = "bench";

    @Spec
    private CommandSpec spec;

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command and its flags
     */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.getCommandSpec().version(nameAndVersion());
        return commandLine;
    }

    @Command(name = "version", description = "Prints the version.")
    int version() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(nameAndVersion());
        return CommandLine.ExitCode.OK;
    }

    private static String nameAndVersion() {
        return NAME + " " + Version.current();
    }
}

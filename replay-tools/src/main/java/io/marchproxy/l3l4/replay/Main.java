package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.Reason;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.replay.flows.FlowsCommand;
import io.marchproxy.l3l4.replay.latency.LatencyCommand;
import io.marchproxy.l3l4.replay.pcap.CaptureException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The replay tools' command line; a command stands here once it works, not before. */
@Command(
        name = Main.NAME,
        description = "Offline tools for what proxy-l3l4 recorded.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VerifyCommand.class,
            DiffCommand.class,
            FlowsCommand.class,
            LatencyCommand.class,
            StatsCommand.class,
            TailCommand.class,
            ImportPcapCommand.class,
            ExportPcapCommand.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class Main {

    static final String NAME = "replay-tools";

    /** sysexits.h: a fault of the program itself. */
    private static final int EX_SOFTWARE = 70;

    /** Wide enough for the examples, which would not work any more in two lines. */
    private static final int HELP_COLUMNS = 110;

    @Spec
    private CommandSpec spec;

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command and its flags
     */
    public static void main(String[] args) {
        System.exit(run(commandLine(), args));
    }

    /** Runs one command. What the machine can't hold, or takes away meanwhile, is the user's to know in one line. */
    static int run(CommandLine commandLine, String... args) {
        try {
            return commandLine.execute(args);
        } catch (OutOfMemoryError e) {
            commandLine
                    .getErr()
                    .println(NAME + ": not enough memory (" + e.getMessage() + "); JAVA_OPTS=-Xmx… gives more");
        } catch (InternalError e) {
            // Of a mapped file that somebody cuts short, this is what the JVM makes of the signal.
            commandLine.getErr().println(NAME + ": a file was cut short or is unreadable: " + e.getMessage());
        }
        return CommandLine.ExitCode.USAGE;
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.getCommandSpec().version(nameAndVersion());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setUsageHelpWidth(HELP_COLUMNS);
        commandLine.setParameterExceptionHandler(Main::misused);
        commandLine.setExecutionExceptionHandler(Main::failed);
        return commandLine;
    }

    @Command(name = "version", description = "Prints the version.")
    int version() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(nameAndVersion());
        return CommandLine.ExitCode.OK;
    }

    /** The fault alone, where the whole help would push it off the screen. */
    private static int misused(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(error.getMessage());
        UnmatchedArgumentException.printSuggestions(error, err);
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    /** What can't be read is the user's to know, in one line; anything else is a fault of the program, with its stack. */
    private static int failed(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
        if (error instanceof JournalException
                || error instanceof UnreadableException
                || error instanceof CaptureException) {
            command.getErr().println(NAME + ": " + error.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        if (error instanceof AccessDeniedException denied) {
            command.getErr().println(NAME + ": no permission to read " + denied.getFile());
            return CommandLine.ExitCode.USAGE;
        }
        if (error instanceof IOException || error instanceof UncheckedIOException) {
            command.getErr().println(NAME + ": " + Reason.of(error));
            return CommandLine.ExitCode.USAGE;
        }
        error.printStackTrace(command.getErr());
        return EX_SOFTWARE;
    }

    private static String nameAndVersion() {
        return NAME + " " + Version.current();
    }
}

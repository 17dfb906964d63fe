package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.StartupException;
import io.marchproxy.l3l4.engine.demo.DemoCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The service's command line. Exit codes: 0 it went well, 1 it did not, 2 the flags or the configuration are wrong. */
@Command(
        name = ProxyCommand.NAME,
        description = "A proxy for network layers 3 and 4.",
        subcommands = {RunCommand.class, CheckCommand.class, DemoCommand.class, VersionCommand.class, HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  proxy-l3l4 demo",
            "  proxy-l3l4 check --config proxy.yaml",
            "  proxy-l3l4 run --config proxy.yaml",
            "  proxy-l3l4 run --listen-port 8080 --backend 127.0.0.1:9001 --backend 127.0.0.1:9002"
        })
public final class ProxyCommand implements Runnable {
    static final String NAME = "proxy-l3l4";
    private static final int HELP_COLUMNS = 100;
    private static final Logger LOG = LoggerFactory.getLogger(ProxyCommand.class);

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help and ends.",
            order = 1_000)
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Prints the version and ends.",
            order = 1_001)
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    private ProxyCommand() {}

    /** The whole command line, ready to execute; whatever goes wrong is told in words, never as a stack trace. */
    public static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new ProxyCommand());
        commandLine.getCommandSpec().version(nameAndVersion());
        commandLine.setUsageHelpWidth(HELP_COLUMNS);
        // The tables and arrows are UTF-8 whatever the locale says: a service often has none.
        commandLine.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        commandLine.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        commandLine.setParameterExceptionHandler(ProxyCommand::misused);
        commandLine.setExecutionExceptionHandler(ProxyCommand::failed);
        return commandLine;
    }

    static String nameAndVersion() {
        return NAME + " " + Version.current();
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int misused(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(NAME + ": " + misuse(e, command));
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static String misuse(ParameterException e, CommandLine command) {
        if (e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            String first = unmatched.getUnmatched().getFirst();
            return command.getSubcommands().isEmpty()
                    ? "nothing to do with '" + first + "'"
                    : "there is no command '" + first + "'; there are "
                            + String.join(", ", command.getSubcommands().keySet());
        }
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        switch (e) {
            case FaultsException faults -> {
                faults.lines().forEach(err::println);
                return ExitCode.USAGE;
            }
            case StartupException _, IOException _ -> {
                String message = Objects.requireNonNullElse(e.getMessage(), e.toString());
                message.lines().forEach(line -> err.println(NAME + ": " + line));
            }
            default -> {
                err.println(NAME + ": internal error: " + e + " (--log-level debug shows where)");
                LOG.debug("internal error", e);
            }
        }
        return ExitCode.SOFTWARE;
    }
}

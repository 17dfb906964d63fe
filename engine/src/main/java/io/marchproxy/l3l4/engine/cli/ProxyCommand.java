package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.Reason;
import io.marchproxy.l3l4.engine.StartupException;
import io.marchproxy.l3l4.engine.demo.DemoCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Objects;
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
        subcommands = {
            RunCommand.class,
            CheckCommand.class,
            ExplainCommand.class,
            DemoCommand.class,
            DrainCommand.class,
            VersionCommand.class,
            HelpCommand.class
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
    private static final int HELP_COLUMNS = 110;

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
        // -cluster-api-key with one dash is a mistake, not the -c of a file called luster-api-key.
        commandLine.setPosixClusteredShortOptionsAllowed(false);
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
        err.println(NAME + ": " + misuse(e, command, List.of(arguments)));
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static String misuse(ParameterException e, CommandLine command, List<String> arguments) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return Objects.requireNonNullElse(e.getMessage(), e.toString());
        }
        String first = unmatched.getUnmatched().getFirst();
        // Values are not repeated: that of a mistyped --cluster-api-key is a secret all the same.
        if (unmatched.isUnknownOption()) {
            return "Unknown option: '" + flag(first) + "'";
        }
        if (!command.getSubcommands().isEmpty()) {
            return "there is no command '" + first + "'; there are "
                    + String.join(", ", command.getSubcommands().keySet());
        }
        int at = arguments.indexOf(first);
        return at > 0 && arguments.get(at - 1).startsWith("-")
                ? "nothing to do with what follows '" + flag(arguments.get(at - 1)) + "'"
                : "nothing to do with '" + first + "'";
    }

    private static String flag(String argument) {
        return argument.split("=", 2)[0];
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        switch (e) {
            case FaultsException faults -> {
                faults.lines().forEach(err::println);
                return ExitCode.USAGE;
            }
            case FileSystemException _ -> err.println(NAME + ": " + Reason.of(e));
            case StartupException _, IOException _ -> {
                String message = Objects.requireNonNullElse(e.getMessage(), e.toString());
                message.lines().forEach(line -> err.println(NAME + ": " + line));
                LoggerFactory.getLogger(ProxyCommand.class).debug("where that was", e);
            }
            default -> {
                return LastResort.tell(e, err);
            }
        }
        return ExitCode.SOFTWARE;
    }
}

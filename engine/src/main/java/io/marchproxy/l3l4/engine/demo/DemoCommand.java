package io.marchproxy.l3l4.engine.demo;

import io.marchproxy.l3l4.engine.Reason;
import io.marchproxy.l3l4.engine.StartupException;
import io.marchproxy.l3l4.engine.cli.Logging;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code demo}. */
@Command(
        name = "demo",
        description = {
            "Shows the proxy at work, without root and without a configuration.",
            "Two backends, TCP and UDP clients and the real service between them, all in this process on the loopback. "
                    + "Midway one backend is killed. At the end a report says what was sent, how long it took, "
                    + "how fast the clients were served again, and whether anything was lost."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:nothing was lost that should not be, the books balance, failover took less than a second",
            "1:otherwise; the report says what",
            "2:the flags are wrong"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  proxy-l3l4 demo", "  proxy-l3l4 demo --seconds 40 --data-dir /tmp/demo"})
public final class DemoCommand implements Callable<Integer> {
    private static final int LEAST_SECONDS = 2;
    private static final int MOST_SECONDS = 45;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "20",
            description = "How long the load lasts, " + LEAST_SECONDS + " to " + MOST_SECONDS + " (default: 20).")
    private int seconds;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where the report is written (default: ./data/demo, or a temporary folder).")
    private @Nullable Path dataDir;

    @Override
    public Integer call() throws IOException, StartupException, InterruptedException {
        if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--seconds must be from " + LEAST_SECONDS + " to " + MOST_SECONDS + ", not " + seconds);
        }
        // The table shows what the log would say; lines between its rows would only tear it.
        Logging.level("error");
        PrintWriter out = spec.commandLine().getOut();
        Path folder = folder();
        DemoReport report = new Demo(seconds, folder, out, isTerminal()).run();
        String text = ReportText.of(report, folder);
        Files.writeString(folder.resolve("report.txt"), text);
        Files.writeString(folder.resolve("report.json"), ReportJson.of(report));
        out.println();
        out.print(text);
        out.flush();
        return report.faults().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private Path folder() throws IOException, StartupException {
        if (dataDir != null) {
            return made(dataDir);
        }
        Path here = Path.of("data", "demo");
        try {
            Files.createDirectories(here);
            if (Files.isWritable(here)) {
                return here;
            }
        } catch (IOException _) {
            // A folder that cannot be written to is no reason to fail: nobody asked for it.
        }
        return Files.createTempDirectory("proxy-l3l4-demo-");
    }

    /** Told before the load rather than after it. */
    private static Path made(Path folder) throws StartupException {
        String why = "no permission";
        try {
            Files.createDirectories(folder);
            if (Files.isWritable(folder)) {
                return folder;
            }
        } catch (IOException e) {
            why = Reason.of(e);
        }
        throw new StartupException("--data-dir " + folder + ": the report cannot be written there: " + why);
    }

    @SuppressWarnings("SystemConsoleNull") // it may be null again in 25, without a terminal
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}

package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.engine.StartupException;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** The command {@code run}. */
@Command(
        name = "run",
        description = {
            "Runs the proxy until SIGTERM or SIGINT, which let live connections end first; a second one ends at once.",
            "A flag wins over its environment variable (in capitals), that over the file, that over the default (in brackets). "
                    + "SIGHUP and a changed file reload: what is wrong is logged, and the configuration before stays in force."
        },
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it drained and ended as it was told to",
            "1:it could not start; the message says why",
            "2:the flags or the configuration are wrong"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  proxy-l3l4 run --config proxy.yaml",
            "  proxy-l3l4 run --listen-port 8080 --backend 127.0.0.1:9001 --backend 127.0.0.1:9002",
            "  LOG_LEVEL=debug proxy-l3l4 run --config proxy.yaml --admin-port 9081"
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    private ConfigFlags flags;

    @Override
    public Integer call() throws FaultsException, StartupException, IOException, InterruptedException {
        ConfigurationSource source = new ConfigurationSource(flags.file(), flags.overrides());
        try (SystemdNotifier systemd = SystemdNotifier.of(System.getenv())) {
            new ServiceRunner(source, systemd).run();
        }
        return ExitCode.OK;
    }
}

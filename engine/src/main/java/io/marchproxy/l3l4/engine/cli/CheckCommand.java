package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.health.HealthMonitor;
import io.marchproxy.l3l4.engine.settings.MemoryNeed;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code check}. */
@Command(
        name = "check",
        description = {
            "Checks a configuration and starts nothing.",
            "Prints every fault as FILE:LINE: what is wrong, or that there is none. Flags and environment count as in run.",
            "What is written and has no effect is told as a warning."
        },
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:no faults", "2:faults"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  proxy-l3l4 check --config proxy.yaml",
            "  proxy-l3l4 check --config proxy.yaml --show      with defaults, and where each value comes from"
        })
final class CheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ConfigFlags flags;

    @Option(
            names = "--show",
            description = "Prints the configuration as it would hold, defaults included, each value with its source; "
                    + "secrets are masked.")
    private boolean show;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        ConfigResult result =
                new ConfigurationSource(flags.file(), flags.overrides()).read().result();
        if (result.settings().isEmpty()) {
            result.faults().forEach(fault -> out.println(fault.format()));
            return ExitCode.USAGE;
        }
        List<String> lacking = MemoryNeed.faults(result.settings().get().engine());
        if (!lacking.isEmpty()) {
            lacking.forEach(line -> out.println(source() + ": " + line));
            return ExitCode.USAGE;
        }
        // A comment in YAML, so that what --show prints can be read back.
        String lead = show ? "# warning: " : "warning: ";
        result.warnings().forEach(warning -> out.println(lead + warning.format()));
        HealthMonitor.refusals(result.settings().get()).forEach(line -> out.println(lead + source() + ": " + line));
        out.print(show ? result.effective() : verdict(result.settings().get()));
        out.flush();
        return ExitCode.OK;
    }

    private Object source() {
        return flags.file() == null ? "command line" : flags.file();
    }

    private String verdict(ProxySettings settings) {
        int backends = settings.services().stream()
                .mapToInt(service -> service.backends().size())
                .sum();
        return source() + ": ok (" + Announcement.counts(settings.services().size(), backends) + ")\n";
    }
}

package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.replay.diff.DiffReport;
import io.marchproxy.l3l4.replay.diff.Draft;
import io.marchproxy.l3l4.replay.diff.HtmlPage;
import io.marchproxy.l3l4.replay.diff.JsonText;
import io.marchproxy.l3l4.replay.diff.Ledger;
import io.marchproxy.l3l4.replay.diff.TableText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows what another configuration would have decided otherwise. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs what was recorded (engine.journal.mode: packets) through the same pipeline twice, under the recorded"
                    + " configuration and under a candidate, and shows which decisions change: class, rule, DSCP, backend, delay"
                    + " and drops, with rates and money, before and after.",
            "TCP is open loop: senders don't react to the candidate."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:compared; with --fail-on-change: and nothing changes",
            "1:with --fail-on-change: something changes",
            "2:the candidate has faults, or the journal can't be read, or not all of it can be compared"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  replay-tools diff data --config candidate.yaml",
            "  replay-tools diff data --config candidate.yaml --format html --output diff.html",
            "  replay-tools diff data --config candidate.yaml --from 2026-11-26T12:00:00Z --to 2026-11-26T13:00:00Z"
        })
final class DiffCommand implements Callable<Integer> {
    private static final int CHANGED = 1;

    /** How the result is shown. */
    enum Format {
        TABLE,
        JSON,
        HTML;

        /** As it is typed. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Mixin
    private JournalArgument journal;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The candidate: a configuration as the service reads it.")
    private Path config;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Format format;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write it; standard output if not given.")
    private @Nullable Path output;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "10",
            description = "Clients to show: those with the most changed decisions. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Counts what arrived from then on, written " + TimeBound.FORMS
                    + "; what came before is run through as well.")
    private @Nullable TimeBound from;

    @Option(
            names = "--to",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Counts what arrived before then.")
    private @Nullable TimeBound until;

    @Option(names = "--fail-on-change", description = "Ends with 1 when any decision changes.")
    private boolean failOnChange;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (top < 0) {
            throw new ParameterException(spec.commandLine(), "--top must be 0 or more, not " + top);
        }
        PrintWriter err = spec.commandLine().getErr();
        Optional<ProxySettings> read = ConfigurationFile.read(config, err);
        if (read.isEmpty()) {
            return ExitCode.USAGE;
        }
        ProxySettings candidate = read.get();
        Ledger ledger = new Ledger();
        Draft draft = new Draft(journal.folder().toString(), config.toString(), candidate.hash());
        CountedTime counted = CountedTime.between(from, until, journal.firstMs(), System.currentTimeMillis());
        for (Path shard : journal.shards()) {
            if (!compare(shard, candidate, counted, ledger, draft)) {
                return ExitCode.USAGE;
            }
        }
        if (ledger.isEmpty()) {
            err.println("nothing in it can be compared");
            draft.notes().forEach(err::println);
            return ExitCode.USAGE;
        }
        write(ledger.report(draft, top));
        if (draft.isIncomplete()) {
            draft.incomplete().forEach(err::println);
            return ExitCode.USAGE;
        }
        return failOnChange && ledger.changed() > 0 ? CHANGED : ExitCode.OK;
    }

    /** False when what was recorded does not even repeat. */
    private boolean compare(Path shard, ProxySettings candidate, CountedTime counted, Ledger ledger, Draft draft)
            throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        String name = String.valueOf(shard.getFileName());
        ProgressLine progress = ProgressLine.onTerminal();
        long all = JournalReader.bytes(shard);
        Lockstep lockstep = new Lockstep(candidate, ledger, draft, counted);
        try (Verification verification = new Verification(shard, lockstep)) {
            try {
                verification.run(bytes -> progress.show(name, bytes, all));
            } finally {
                progress.clear();
            }
            verification.notes().forEach(note -> draft.note(name + ": " + note));
            Difference difference = verification.difference();
            if (difference != null) {
                err.println(
                        name + ": the recorded configuration does not repeat what was recorded, so that nothing can be"
                                + " compared with it:");
                difference.lines().forEach(err::println);
                return false;
            }
            String incomplete = verification.incomplete();
            if (incomplete != null) {
                draft.incomplete(name + ": " + incomplete);
            }
            draft.shard(verification.sessions(), verification.events());
            return true;
        }
    }

    private void write(DiffReport report) throws IOException {
        String text = switch (format) {
            case TABLE -> TableText.of(report);
            case JSON -> JsonText.of(report);
            case HTML -> HtmlPage.of(report);
        };
        Path file = output;
        if (file == null) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(text);
            out.flush();
        } else {
            ResultFile.write(file, text);
        }
    }
}

package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.replay.Difference;
import io.marchproxy.l3l4.replay.JournalArgument;
import io.marchproxy.l3l4.replay.ProgressLine;
import io.marchproxy.l3l4.replay.ResultFile;
import io.marchproxy.l3l4.replay.TimeBound;
import io.marchproxy.l3l4.replay.UnreadableException;
import io.marchproxy.l3l4.replay.Verification;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The flows in a journal. */
@Command(
        name = "flows",
        mixinStandardHelpOptions = true,
        description =
                "Shows the flows in a journal of either mode, one a line: who talked to what through which service and backend, how"
                        + " long, how much, and how it ended. A flow is told when it ends; those that live where the journal ends"
                        + " come last, as open.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "2:the journal can't be read, or the filter is wrong"},
        footerHeading = "%nFilters and examples:%n",
        footer = {
            "  A filter is " + FilterParser.HELP + ".",
            "",
            "  replay-tools flows data --top 10 --sort bytes",
            "  replay-tools flows data 'udp and net 10.0.0.0/8 and not port 53' --from -1h",
            "  replay-tools flows data 'service web and (end reset or drops > 0)' --format json",
            "  replay-tools flows data --format parquet --output flows.parquet --host proxy-1"
        })
public final class FlowsCommand implements Callable<Integer> {
    enum Format {
        TABLE,
        JSON,
        CSV,
        PARQUET
    }

    @Mixin
    private JournalArgument journal = new JournalArgument();

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "FILTER",
            description = "Only flows that it fits; several words are one filter.")
    private List<String> filter = List.of();

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Only flows that end then or later, written " + TimeBound.FORMS + ".")
    private @Nullable TimeBound from;

    @Option(
            names = "--to",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Only flows that start earlier.")
    private @Nullable TimeBound to;

    @Option(
            names = "--sort",
            paramLabel = "KEY",
            description =
                    "Orders by start, end, client, service (lowest first), or duration, bytes, bytes-to-backend, bytes-to-client,"
                            + " packets, drops (highest first). Without it flows come as they ended, shard by shard.")
    private @Nullable String sort;

    @Option(names = "--reverse", description = "The other way round.")
    private boolean reverse;

    @Option(
            names = "--top",
            paramLabel = "N",
            description =
                    "Only the first N, by bytes unless --sort says otherwise. Takes memory for N flows, however many there are.")
    private @Nullable Long top;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "table, json, csv or parquet. Default: ${DEFAULT-VALUE}.")
    private Format format = Format.TABLE;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description =
                    "Writes there instead, once all of it is known: until then a file of that name stays as it is. parquet needs it.")
    private @Nullable Path output;

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description = "What the column host says, so that a fleet's files can be told apart; otherwise it is null.")
    private @Nullable String host;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Predicate<Flow> wanted = filter();
        Comparator<Flow> order = order();
        long most = top == null ? Long.MAX_VALUE : top;
        if (most < 0) {
            throw wrong("--top must not be negative");
        }
        List<Path> shards = journal.shards();
        wanted = wanted.and(time());
        Path file = file();
        try (ResultFile result = file == null ? null : new ResultFile(file)) {
            try (FlowOutput out = output(result)) {
                FlowOrder ordered = new FlowOrder(out, order, most, FlowOrder.MOST);
                for (Path shard : shards) {
                    read(shard, ordered, wanted);
                }
                ordered.finish();
            }
            if (result != null) {
                result.complete();
            }
        }
        return ExitCode.OK;
    }

    private @Nullable Path file() {
        if (format == Format.PARQUET && output == null) {
            throw wrong("--format parquet needs --output FILE");
        }
        return output;
    }

    private Predicate<Flow> filter() {
        try {
            return FilterParser.parse(String.join(" ", filter));
        } catch (FilterException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private @Nullable Comparator<Flow> order() {
        if (sort == null && top == null) {
            if (reverse) {
                throw wrong("--reverse needs --sort or --top");
            }
            return null;
        }
        String name = sort == null ? FlowOrder.Key.BYTES.label() : sort.toLowerCase(Locale.ROOT);
        for (FlowOrder.Key key : FlowOrder.Key.values()) {
            if (key.label().equals(name)) {
                return key.order(reverse);
            }
        }
        throw wrong("--sort is one of "
                + String.join(
                        ", ",
                        Arrays.stream(FlowOrder.Key.values())
                                .map(FlowOrder.Key::label)
                                .toList())
                + ", not " + name);
    }

    private Predicate<Flow> time() throws IOException {
        TimeBound low = from;
        TimeBound high = to;
        if (low == null && high == null) {
            return flow -> true;
        }
        long firstMs = journal.firstMs();
        long nowMs = System.currentTimeMillis();
        long lowUs = low == null ? Long.MIN_VALUE : 1_000 * low.epochMs(firstMs, nowMs);
        long highUs = high == null ? Long.MAX_VALUE : 1_000 * high.epochMs(firstMs, nowMs);
        return flow -> flow.endUs() >= lowUs && flow.startUs() < highUs;
    }

    private FlowOutput output(@Nullable ResultFile result) throws IOException {
        if (format == Format.PARQUET && result != null) {
            return new FlowParquet(result.path(), host);
        }
        PrintWriter out = result == null
                ? spec.commandLine().getOut()
                : new PrintWriter(Files.newBufferedWriter(result.path(), StandardCharsets.UTF_8));
        FlowOutput flows = switch (format) {
            case JSON -> new FlowJson(out, host);
            case CSV -> new FlowCsv(out, host);
            default -> new FlowTable(out);
        };
        return result == null ? flows : new FlowFile(flows, out, Objects.requireNonNull(output));
    }

    private void read(Path shard, FlowOrder ordered, Predicate<Flow> wanted) throws IOException {
        String name = String.valueOf(shard.getFileName());
        ProgressLine progress = ProgressLine.onTerminal();
        long all = JournalReader.bytes(shard);
        FlowJournal.Sink sink = flow -> {
            if (wanted.test(flow)) {
                ordered.add(flow);
            }
            return !ordered.isFull();
        };
        boolean holdsPackets;
        try (FlowJournal flows = new FlowJournal(shard, sink)) {
            try {
                flows.run(read -> progress.show(name, read, all));
            } finally {
                progress.clear();
            }
            holdsPackets = flows.holdsPackets();
            tell(name, flows.notes());
        }
        if (holdsPackets && !ordered.isFull()) {
            repeat(shard, sink, read -> progress.show(name, read, all), progress);
        }
    }

    /** Finds the flows of recorded packets, by the one way in which packets are repeated. */
    private void repeat(Path shard, FlowJournal.Sink sink, Verification.Progress shown, ProgressLine progress)
            throws IOException {
        String name = String.valueOf(shard.getFileName());
        PacketFlows flows = new PacketFlows(sink);
        try (Verification verification = new Verification(shard, flows)) {
            try {
                verification.run(shown);
            } finally {
                progress.clear();
            }
            flows.finish();
            tell(name, verification.notes());
            Difference difference = verification.difference();
            if (difference != null) {
                throw new UnreadableException(name + ": record " + difference.record()
                        + " can't be repeated as it was recorded, and so no flow be told from there on: see verify");
            }
            String incomplete = verification.incomplete();
            if (incomplete != null) {
                tell(name, List.of(incomplete));
            }
        }
    }

    private void tell(String shard, List<String> notes) {
        notes.stream()
                .filter(note -> !note.endsWith(Verification.NOT_PACKETS))
                .forEach(note -> spec.commandLine().getErr().println(shard + ": " + note));
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Closes the file, and says when it could not be written: a PrintWriter keeps that to itself. */
    private record FlowFile(FlowOutput flows, PrintWriter out, Path file) implements FlowOutput {
        @Override
        public void write(Flow flow) throws IOException {
            flows.write(flow);
            if (out.checkError()) {
                throw ResultFile.notWritten(file, null);
            }
        }

        @Override
        public void close() throws IOException {
            flows.close();
            out.close();
            if (out.checkError()) {
                throw ResultFile.notWritten(file, null);
            }
        }
    }
}

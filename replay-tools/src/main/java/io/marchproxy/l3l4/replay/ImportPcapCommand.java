package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.Values;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.Captures;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a journal of captures. */
@Command(
        name = "import-pcap",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Puts captured packets through the pipeline as whole IP packets, each at its recorded time, and writes a"
                    + " journal of it, which verify, stats and the other commands then read.",
            "Reads pcap (times in µs or ns) and pcapng, of either byte order, also compressed by gzip."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all of it is in the journal",
            "1:a capture is cut short or damaged; what came before is in the journal",
            "2:a capture can't be read at all, or the journal can't be written"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  replay-tools import-pcap capture.pcapng --output data",
            "  tcpdump -w - udp | replay-tools import-pcap - --config proxy.yaml --output data"
        })
final class ImportPcapCommand implements Callable<Integer> {
    private static final int DAMAGED = 1;
    private static final double NANOS = 1e-9;
    private static final String STANDARD_INPUT = "-";

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description = "Captures, in the order of their times; - is standard input.")
    private List<String> files = List.of();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration to decide by: a packet to an address that a service listens on is that"
                    + " service's, any other that of the one that listens on ip://*, or of a service ip."
                    + " Default: the service ip alone, the default classes.")
    private @Nullable Path config;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            required = true,
            description = "Where the journal is written, in a folder journal; there must be none yet.")
    private Path output = Path.of(".");

    @Option(
            names = "--snap",
            paramLabel = "SIZE",
            description =
                    "How much of each packet's first bytes to record, 0B to 256B. Default: engine.journal.snap, or 0B.")
    private @Nullable String snap;

    @Option(
            names = "--gateways",
            paramLabel = "N",
            description = "Gateways among which the flows of the service ip are routed, 1 to 1000, where no service"
                    + " listens on ip://*. Default: 1.")
    private @Nullable Integer gateways;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        ProxySettings settings = null;
        if (config != null) {
            settings =
                    ConfigurationFile.read(config, spec.commandLine().getErr()).orElse(null);
            if (settings == null) {
                return ExitCode.USAGE;
            }
        }
        IpServices services = services(settings);
        requireNoJournal();
        for (String file : files) {
            if (!isReadOnce(file)) {
                if (!Files.exists(Path.of(file))) {
                    throw new UnreadableException(file + " is not there");
                }
                Captures.open(new FileInputStream(file), file).close();
            }
        }
        int worst = ExitCode.OK;
        try (CaptureImport imported = new CaptureImport(services, output, snapBytes(settings))) {
            for (String file : files) {
                worst = Math.max(worst, add(imported, file));
            }
            String unreadable = imported.counts().unreadable();
            if (unreadable != null) {
                throw new JournalException("there is nothing to import: " + unreadable);
            }
            imported.finish();
            print(imported);
        }
        return worst;
    }

    /** Whether a look at its first bytes would take them away, as of a pipe. */
    private static boolean isReadOnce(String file) {
        Path path = Path.of(file);
        return file.equals(STANDARD_INPUT)
                || (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path));
    }

    private IpServices services(@Nullable ProxySettings settings) throws JournalException {
        Integer asked = gateways;
        int count = asked == null ? 1 : asked;
        if (count < 1 || count > 1000) {
            throw new ParameterException(spec.commandLine(), "--gateways is 1 to 1000, not " + count);
        }
        if (settings == null) {
            return IpServices.builtIn(count);
        }
        boolean hasGateways = settings.services().stream().anyMatch(service -> service.speaks(Protocol.IP));
        if (hasGateways && asked != null) {
            throw new ParameterException(
                    spec.commandLine(), "--gateways: the configuration has gateways, of the service on ip://*");
        }
        return IpServices.of(settings, count);
    }

    private int snapBytes(@Nullable ProxySettings settings) {
        String asked = snap;
        if (asked == null) {
            return settings == null ? 0 : settings.engine().journal().snapBytes();
        }
        try {
            return Math.toIntExact(
                    Values.size(0, JournalSettings.LONGEST_SNAP_BYTES).read(asked));
        } catch (BadValueException e) {
            throw new ParameterException(spec.commandLine(), "--snap " + asked + ": " + e.getMessage());
        }
    }

    private void requireNoJournal() throws JournalException {
        if (!Files.exists(output)) {
            return;
        }
        List<Path> there;
        try {
            there = JournalReader.shards(output);
        } catch (IOException e) {
            return;
        }
        throw new JournalException(there.getFirst() + " is there already; give each import a folder of its own");
    }

    private int add(CaptureImport imported, String file) throws IOException {
        boolean isFile = !file.equals(STANDARD_INPUT);
        String name = isFile ? String.valueOf(Path.of(file).getFileName()) : "standard input";
        long all = isFile ? Files.size(Path.of(file)) : 0;
        ProgressLine progress = ProgressLine.onTerminal();
        CountingStream bytes = new CountingStream(isFile ? new FileInputStream(file) : standardInput());
        try (CaptureReader capture = Captures.open(bytes, name)) {
            try {
                imported.add(capture, () -> progress.show(name, bytes.count(), Math.max(all, bytes.count())));
            } finally {
                progress.clear();
            }
            String damage = capture.damage();
            if (damage != null) {
                spec.commandLine().getErr().println(name + ": " + damage + "; what came before it is imported");
                return DAMAGED;
            }
            return ExitCode.OK;
        }
    }

    /** As it is, without the decoding that a Reader would do. */
    private static InputStream standardInput() {
        return System.in;
    }

    private void print(CaptureImport imported) {
        PrintWriter out = spec.commandLine().getOut();
        imported.counts().lines().forEach(out::println);
        out.println(String.format(
                Locale.ROOT, "flows: %,d in %.3f s", imported.flowsBegun(), imported.durationNs() * NANOS));
        out.println(imported.books().line());
        out.println("journal: " + output.resolve("journal").resolve("shard-0"));
    }
}

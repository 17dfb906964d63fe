package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.Values;
import io.marchproxy.l3l4.engine.explain.Explainer;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.ExplanationJson;
import io.marchproxy.l3l4.engine.explain.ExplanationText;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code explain}. */
@Command(
        name = "explain",
        description = {
            "Tells where a flow would go, and why: class, rule, candidates, their scores, the choice.",
            "Asks the stages themselves, with the configuration alone: all backends are healthy and nothing is known of"
                    + " their latency, but for what is supposed.",
            "With --running it is the service itself that answers, by what it knows (/api/v1/explain)."
        },
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it goes somewhere",
            "1:it is of no service, or goes nowhere, or no service answers",
            "2:faults"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  proxy-l3l4 explain --config proxy.yaml tcp 10.0.0.1:40000 127.0.0.1:8080",
            "  proxy-l3l4 explain --config proxy.yaml --latency aws-1=2ms --latency gcp-1=9ms --down aws-2 \\",
            "      tcp 10.0.0.1:40000 127.0.0.1:8080",
            "  proxy-l3l4 explain --config proxy.yaml ip 10.0.0.1 192.0.2.7",
            "  proxy-l3l4 explain --config proxy.yaml --format json udp '[2001:db8::1]:5000' '[::1]:5353'",
            "  proxy-l3l4 explain --running tcp 10.0.0.1:40000 127.0.0.1:8080"
        })
final class ExplainCommand implements Callable<Integer> {
    /** How it is told. */
    enum Format {
        text,
        json
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private ConfigFlags flags;

    @Parameters(
            arity = "1..*",
            paramLabel = "TUPLE",
            description =
                    "PROTOCOL SOURCE:PORT DESTINATION:PORT; the protocol is tcp or udp. An IP packet: ip SOURCE DESTINATION.")
    private List<String> words;

    @Option(
            names = "--service",
            paramLabel = "NAME",
            description = "The service that the flow is of. Default: the one that listens at the destination.")
    private @Nullable String serviceName;

    @Option(
            names = "--dscp",
            paramLabel = "N",
            defaultValue = "0",
            description = "Code point that its packets come with, 0 to 63. Default: ${DEFAULT-VALUE}")
    private int dscp;

    @Option(names = "--down", paramLabel = "ID", description = "Supposes that a backend is not healthy; repeatable.")
    private List<String> down = List.of();

    @Option(
            names = "--latency",
            paramLabel = "ID=TIME",
            description = "Supposes a backend's latency, such as aws-1=2ms; repeatable.")
    private Map<String, String> latencies = Map.of();

    @Option(
            names = "--running",
            description = "Asks the service that runs, by what a shard knows, and not a configuration.")
    private boolean running;

    @Option(
            names = "--admin",
            paramLabel = "URL",
            description = "With --running: where its admin server is. Default: " + AdminClient.USUAL + ".")
    private @Nullable URI admin;

    @Option(names = "--shard", paramLabel = "N", description = "With --running: the shard that is asked. Default: 0.")
    private @Nullable Integer shard;

    @Option(
            names = "--format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "How it is told. Default: ${DEFAULT-VALUE}")
    private Format format;

    @Override
    public Integer call() throws FaultsException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        Tuple flow = tuple();
        if (running) {
            return askService(flow, out);
        }
        if (admin != null || shard != null) {
            throw new ParameterException(spec.commandLine(), "--admin and --shard need --running");
        }
        ProxySettings settings =
                new ConfigurationSource(flags.file(), flags.overrides()).read().settings();
        CompiledSettings compiled = compile(settings);
        Explainer explainer = new Explainer(compiled);
        Optional<CompiledService> service =
                serviceName == null ? explainer.serviceOf(flow) : explainer.service(serviceName, flow.protocol());
        if (service.isEmpty()) {
            out.println("no service " + (serviceName == null ? "listens there" : serviceName + " for that protocol"));
            return ExitCode.SOFTWARE;
        }
        Explanation explanation = explainer.explain(flow, service.get(), supposed(service.get()));
        out.print(format == Format.json ? ExplanationJson.write(explanation) : ExplanationText.write(explanation));
        out.flush();
        return explanation.choice() == null ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    private int askService(Tuple flow, PrintWriter out) throws IOException {
        if (flags.file() != null || !down.isEmpty() || !latencies.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "--running goes by what the service knows: no --config, --down or --latency");
        }
        StringJoiner page = new StringJoiner("&", "/api/v1/explain?", "");
        page.add("protocol=" + flow.protocol().name().toLowerCase(Locale.ROOT));
        page.add("source=" + AdminClient.encoded(HostPort.of(flow.source()).toString()));
        page.add("destination="
                + AdminClient.encoded(HostPort.of(flow.destination()).toString()));
        page.add("dscp=" + dscp);
        page.add("format=" + format);
        if (serviceName != null) {
            page.add("service=" + AdminClient.encoded(serviceName));
        }
        if (shard != null) {
            page.add("shard=" + shard);
        }
        URI at = Objects.requireNonNullElse(admin, URI.create(AdminClient.USUAL));
        String answer = new AdminClient(at, spec.commandLine()).ask("GET", page.toString());
        out.print(answer);
        out.flush();
        boolean goesNowhere = answer.contains(format == Format.json ? "\"choice\" : null" : "\nchoice     none");
        return goesNowhere ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    private Tuple tuple() {
        try {
            return Tuple.of(String.join(" ", words), dscp);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private static CompiledSettings compile(ProxySettings settings) throws FaultsException {
        try {
            return new SettingsCompiler(NameResolver.offline()).compile(settings);
        } catch (SettingsException e) {
            throw new FaultsException(List.of(String.valueOf(e.getMessage())));
        }
    }

    private Explainer.Suppositions supposed(CompiledService service) {
        List<String> known = service.settings().backends().stream()
                .map(backend -> backend.id())
                .toList();
        Map<String, Long> latenciesNs = new HashMap<>();
        latencies.forEach((id, time) -> latenciesNs.put(known(id, known), latencyNs(time)));
        down.forEach(id -> known(id, known));
        return new Explainer.Suppositions(down, latenciesNs);
    }

    private String known(String id, List<String> known) {
        if (!known.contains(id)) {
            throw new ParameterException(
                    spec.commandLine(), "there is no backend " + id + "; there are " + String.join(", ", known));
        }
        return id;
    }

    private long latencyNs(String time) {
        try {
            return Values.duration(Duration.ofNanos(1), Duration.ofHours(1))
                    .read(time)
                    .toNanos();
        } catch (BadValueException e) {
            throw new ParameterException(spec.commandLine(), "--latency: \"" + time + "\" " + e.problem());
        }
    }
}

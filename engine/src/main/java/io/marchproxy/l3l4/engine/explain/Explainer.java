package io.marchproxy.l3l4.engine.explain;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.route.CandidateView;
import io.marchproxy.l3l4.stages.route.PoolView;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteView;
import java.lang.foreign.Arena;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Asks a pipeline of its own, with the settings, and the state of routes where a service runs, what it would do with a flow: the
 * stages themselves answer, and nothing of the service changes.
 */
public final class Explainer {
    private static final int FLOWS = 64;

    /** Reserved (IANA): an IP packet of which nothing is said. */
    private static final int NO_PROTOCOL = 255;

    private static final double MS_NS = 1e6;
    private static final double PPM_PERCENT = 1e4;
    private final CompiledSettings settings;
    private final IntPredicate isDrained;

    /** What of a backend is supposed to be otherwise than it is at a start. */
    public record Suppositions(List<String> down, Map<String, Long> latenciesNs) {
        /** Everything is as it is. */
        public static final Suppositions NONE = new Suppositions(List.of(), Map.of());

        public Suppositions {
            down = List.copyOf(down);
            latenciesNs = Map.copyOf(latenciesNs);
        }
    }

    /** Asks about a configuration. */
    public Explainer(CompiledSettings settings) {
        this(settings, backend -> false);
    }

    /**
     * Asks about a service that runs.
     *
     * @param isDrained of a backend's number, whether it takes no new traffic by command, which routes know from ill health as little as
     *     traffic does
     */
    public Explainer(CompiledSettings settings, IntPredicate isDrained) {
        this.settings = settings;
        this.isDrained = isDrained;
    }

    /** The service that listens where a flow is sent to, else the one that takes all other IP packets, if there is one. */
    public Optional<CompiledService> serviceOf(Tuple flow) {
        Optional<ListenerSpec> exact = listener(flow, false);
        return exact.or(() -> listener(flow, true))
                .map(spec -> settings.services().get(spec.service()))
                .or(() -> settings.services().stream()
                        .filter(service -> service.active() && takesPackets(service))
                        .findFirst());
    }

    private static boolean takesPackets(CompiledService service) {
        return service.protocol() == Protocol.IP.number();
    }

    /** A service by its name, for the flow's protocol. */
    public Optional<CompiledService> service(String name, Protocol protocol) {
        return settings.services().stream()
                .filter(service -> service.active()
                        && service.settings().name().equals(name)
                        && (service.protocol() == protocol.number() || takesPackets(service)))
                .findFirst();
    }

    private Optional<ListenerSpec> listener(Tuple flow, boolean isWildcard) {
        return settings.listeners().stream()
                .filter(spec -> {
                    InetSocketAddress at = spec.address();
                    InetAddress address = at.getAddress();
                    return settings.services().get(spec.service()).protocol()
                                    == flow.protocol().number()
                            && at.getPort() == flow.destination().getPort()
                            && (isWildcard
                                    ? address.isAnyLocalAddress()
                                    : address.equals(flow.destination().getAddress()));
                })
                .findFirst();
    }

    /** Explains a flow by the configuration alone: as at a start, but for what is supposed. */
    public Explanation explain(Tuple flow, CompiledService service, Suppositions supposed) {
        try (Asked asked = new Asked(settings.pipeline().unshaped())) {
            for (CompiledBackend backend : backends(service)) {
                int number = backend.target().index();
                if (supposed.down().contains(backend.target().id())) {
                    asked.tell(EventKind.HEALTH, number, 0);
                }
                Long latencyNs = supposed.latenciesNs().get(backend.target().id());
                if (latencyNs != null) {
                    asked.tell(EventKind.MEASURED, number, latencyNs);
                }
            }
            return explain(flow, service, asked);
        }
    }

    /** Explains a flow by what a shard knows. */
    public Explanation explain(Tuple flow, CompiledService service, RouteState state) {
        try (Asked asked = new Asked(state.settings().unshaped())) {
            asked.pipeline.restoreRoutes(state.reader());
            return explain(flow, service, asked);
        }
    }

    /**
     * Explains a flow by what a shard knows, and where it goes if it is there already.
     *
     * @param backend number of the one that it is bound to
     */
    public Explanation explain(Tuple flow, CompiledService service, RouteState state, OptionalInt backend) {
        Explanation ofNew = explain(flow, service, state);
        if (backend.isEmpty()) {
            return ofNew;
        }
        String id = settings.backends().stream()
                .filter(each -> each.target().index() == backend.getAsInt())
                .map(each -> each.target().id())
                .findFirst()
                .orElse("a backend that the configuration no longer has");
        String until = flow.protocol() == Protocol.TCP ? "until it ends" : "while that may be used";
        return ofNew.with("this flow is there already: it goes to " + id + " and stays " + until
                + "; what is said here is what becomes of a new one");
    }

    private List<CompiledBackend> backends(CompiledService service) {
        return settings.backends().stream()
                .filter(backend -> backend.service().id() == service.id())
                .toList();
    }

    private Explanation explain(Tuple flow, CompiledService service, Asked asked) {
        PoolView all = asked.pipeline.routes(service.id());
        RouteView route = asked.route(flow, service.id());
        PoolView pool = route == null ? all : route.gateways();
        boolean isUnknown = route == null && service.settings().prefixes().size() > 0;
        PacketDescriptor decided = asked.send(flow, service);
        int chosen = Verdict.in(decided) == Verdict.DROP ? PacketDescriptor.NO_BACKEND : decided.backend();
        List<CompiledBackend> backends = backends(service);
        List<Explanation.Candidate> candidates = new ArrayList<>();
        String choice = null;
        for (CandidateView any : all.candidates()) {
            CandidateView view = isUnknown ? null : pool.candidate(any.number());
            for (CompiledBackend backend : backends) {
                if (backend.target().index() == any.number()) {
                    choice = any.number() == chosen ? backend.target().id() : choice;
                    candidates.add(
                            view == null
                                    ? elsewhere(any, backend, isUnknown)
                                    : candidate(view, backend, pool, view.number() == chosen));
                }
            }
        }
        return new Explanation(
                flow.protocol().label() + " " + text(flow.source()) + " → " + text(flow.destination()),
                service.settings().name(),
                decided.rule() - 1,
                "P" + decided.trafficClass(),
                label(pool.algorithm()),
                pool.algorithm() == RouteAlgorithm.MAGLEV ? "score" : pool.scoreName(),
                remarks(pool, route),
                candidates,
                choice,
                choice == null ? DropReason.in(decided).sentence() : "",
                route == null ? null : text(route.ipVersion(), route.longest()));
    }

    private Explanation.Candidate candidate(
            CandidateView view, CompiledBackend backend, PoolView pool, boolean isChosen) {
        return shown(
                view,
                backend,
                pool.algorithm() == RouteAlgorithm.MAGLEV ? Double.NaN : view.score(),
                isChosen,
                why(view, pool, isChosen));
    }

    private static Explanation.Candidate shown(
            CandidateView view, CompiledBackend backend, double score, boolean isChosen, String why) {
        BackendSettings of = backend.settings();
        return new Explanation.Candidate(
                backend.target().id(),
                new HostPort(of.host(), of.port()).toString(),
                of.provider().label(),
                of.region(),
                of.costPerGb(),
                view.healthy(),
                view.flows(),
                view.latencyNs() == 0 ? Double.NaN : view.latencyNs() / MS_NS,
                view.lossPpm() / PPM_PERCENT,
                score,
                isChosen,
                why);
    }

    /** A gateway that the destination does not lead to. */
    private static Explanation.Candidate elsewhere(CandidateView view, CompiledBackend backend, boolean isUnknown) {
        return shown(
                view,
                backend,
                Double.NaN,
                false,
                isUnknown ? "has no prefix for the destination" : "the prefix is not its");
    }

    private String why(CandidateView view, PoolView pool, boolean isChosen) {
        if (isChosen) {
            return view.isTooSlow() && !view.isBest()
                    ? "chosen, to find out whether it is within the latency budget again"
                    : "chosen";
        }
        if (!view.enabled()) {
            return "is not enabled";
        }
        if (!view.isUsed()) {
            return isDrained.test(view.number()) ? "is drained" : "is not healthy";
        }
        if (view.isFull()) {
            return "has as many flows as it may have";
        }
        if (!view.isBest() && view.isTooSlow()) {
            return "is above the latency budget";
        }
        if (!view.isBest()) {
            return "others are better by " + pool.scoreName();
        }
        if (view.share() < 1) {
            return String.format(Locale.ROOT, "returned lately, and gets %.0f %% of its share", 100 * view.share());
        }
        if (pool.algorithm() == RouteAlgorithm.MAGLEV) {
            return "the flow's hash leads elsewhere";
        }
        return pool.sticky() ? "the client's hash leads elsewhere" : "is as good, and it is another's turn";
    }

    private static List<String> remarks(PoolView pool, @Nullable RouteView route) {
        List<String> remarks = new ArrayList<>();
        if (route != null && !route.used().equals(route.longest())) {
            remarks.add(
                    "no gateway of the prefix may be used: " + text(route.ipVersion(), route.used()) + " stands in");
        }
        if (pool.isPanic()) {
            remarks.add("too few backends are healthy: all are used");
        }
        if (pool.isSaving()) {
            remarks.add("the day's money is spent: the cheapest are used");
        }
        if (pool.candidates().stream().anyMatch(one -> one.isBest() && one.isTooSlow())) {
            remarks.add("none is within the latency budget: the fastest are used");
        }
        if (pool.sticky()) {
            remarks.add("clients stay with their backends");
        }
        return remarks;
    }

    private static String label(RouteAlgorithm algorithm) {
        return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String text(int ipVersion, RouteView.Match prefix) {
        return IpPrefix.of(ipVersion, prefix.high(), prefix.low(), prefix.length())
                .toString();
    }

    private static String text(InetSocketAddress address) {
        return HostPort.of(address).toString();
    }

    /** Makes a descriptor the first packet of a flow from its client. */
    static void describe(Tuple flow, CompiledService service, PacketDescriptor event, long nowNs) {
        boolean isPacket = takesPackets(service);
        boolean isTcp = flow.protocol() == Protocol.TCP && !isPacket;
        event.reset(isTcp ? EventKind.OPEN : EventKind.DATA, Math.max(nowNs, 0));
        event.flags(isPacket ? DescriptorFlags.IP_PACKET : 0);
        event.protocol(
                flow.protocol() == Protocol.IP ? NO_PROTOCOL : flow.protocol().number());
        event.direction(Direction.TO_BACKEND);
        event.service(service.id());
        event.ingressDscp(flow.dscp());
        InetAddress source = flow.source().getAddress();
        InetAddress destination = flow.destination().getAddress();
        event.ipVersion(source instanceof Inet4Address ? 4 : 6);
        event.sourceHigh(SocketAddresses.high(source));
        event.sourceLow(SocketAddresses.low(source));
        event.destinationHigh(SocketAddresses.high(destination));
        event.destinationLow(SocketAddresses.low(destination));
        event.sourcePort(flow.source().getPort());
        event.destinationPort(flow.destination().getPort());
    }

    /** The pipeline that is asked. */
    private static final class Asked implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final PacketDescriptor event = new PacketDescriptor(
                arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE).address());
        private final OffHeapFlowTable flows = new OffHeapFlowTable(FLOWS, 0, arena);
        private final Pipeline pipeline;

        Asked(PipelineSettings settings) {
            pipeline = new Pipeline(settings, flows, new NoOutput(), Journal.NONE);
        }

        void tell(EventKind kind, int backend, long argument) {
            event.reset(kind, 0);
            event.backend(backend);
            event.argument0(argument);
            pipeline.handle(event);
        }

        /** How a destination is routed by prefixes, if it is. */
        @Nullable
        RouteView route(Tuple flow, int service) {
            InetAddress to = flow.destination().getAddress();
            return pipeline.routes(
                    service, to instanceof Inet4Address ? 4 : 6, SocketAddresses.high(to), SocketAddresses.low(to));
        }

        /** Has a flow begin; its descriptor then says what was decided. */
        PacketDescriptor send(Tuple flow, CompiledService service) {
            describe(flow, service, event, pipeline.nowNs());
            pipeline.handle(event);
            return event;
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}

package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.value.Addresses;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Compiles configurations one after the other, with numbers that stay over reloads. A configured service that listens on TCP
 * and on UDP becomes two, each with its own backends and their health, since a host may serve one and not the other.
 *
 * <p>Resolves names, which may take seconds: not on a shard's thread. One thread at a time.
 */
public final class SettingsCompiler {
    static final int TCP = 6;
    static final int UDP = 17;
    private static final int MOST_SERVICES = 65_536;
    private static final int MOST_LISTENERS = 65_536;
    private static final int MOST_BACKENDS = 1 << 24;

    /** What has a number among services. */
    record ServiceKey(String name, Protocol protocol) {}

    /** What has a number among backends. */
    record BackendKey(int service, String id, String host, int port) {}

    private record ListenerKey(int service, ListenAddress address) {}

    private final Numbers<ServiceKey> services = new Numbers<>(MOST_SERVICES, "services");
    private final Numbers<BackendKey> backends = new Numbers<>(MOST_BACKENDS, "backends");
    private final Numbers<String> policers = new Numbers<>(PoliceSettings.MOST, "rules that police");
    private final Numbers<ListenerKey> listeners = new Numbers<>(MOST_LISTENERS, "listeners");
    private final GatewayCompiler gateways = new GatewayCompiler();
    private final NameResolver names;
    private final int shards;
    private final long seed;
    private final long epochOffsetNs;
    private final TreeMap<Integer, CompiledService> known = new TreeMap<>();
    private final TreeMap<Integer, CompiledService> next = new TreeMap<>();
    private int servicesKnown;
    private int backendsKnown;
    private int listenersKnown;
    private int policersKnown;
    private long version;

    /** Resolves names as the system does, for one shard. */
    public SettingsCompiler() {
        this(new NameResolver(), 1);
    }

    /** Resolves names by the given resolver, for one shard. */
    public SettingsCompiler(NameResolver names) {
        this(names, 1);
    }

    /**
     * Resolves names by the given resolver.
     *
     * @param shards that share the rates
     */
    public SettingsCompiler(NameResolver names, int shards) {
        this(names, shards, 0, 0);
    }

    /**
     * Resolves names by the given resolver.
     *
     * @param shards that share the rates
     * @param seed of what is drawn by chance when a backend is chosen
     * @param epochOffsetNs to add to the shards' time for nanoseconds since 1970 (UTC)
     */
    public SettingsCompiler(NameResolver names, int shards, long seed, long epochOffsetNs) {
        this.names = names;
        this.shards = shards;
        this.seed = seed;
        this.epochOffsetNs = epochOffsetNs;
    }

    /**
     * A compiler that goes on from the numbers of a recorded snapshot, for one configuration: what of it stands in the snapshot
     * has the number that it had there, and what it lacks is there as services that a reload took away. So a shard that was
     * begun with the snapshot takes the compiled settings as it takes those of a reload. Looks up no host name.
     */
    public static SettingsCompiler goingOnFrom(PipelineSettings recorded, ProxySettings next) throws SettingsException {
        SettingsCompiler compiler = new SettingsCompiler(
                NameResolver.offline(),
                recorded.shape().shards(),
                recorded.route().seed(),
                recorded.route().epochOffsetNs());
        CompiledSettings fresh = new SettingsCompiler(NameResolver.offline()).compile(next);
        RecordedNumbers numbers = new RecordedNumbers(recorded, fresh);
        for (CompiledService service : numbers.services()) {
            compiler.services.of(RecordedNumbers.key(service));
            compiler.next.put(service.id(), service);
        }
        for (BackendKey backend : numbers.backends()) {
            compiler.backends.of(backend);
        }
        for (String conditions : RecordedNumbers.policers(recorded)) {
            compiler.policers.of(conditions);
        }
        compiler.accept();
        return compiler;
    }

    /**
     * Compiles a configuration that comes into force in any case.
     *
     * @throws SettingsException naming every host that does not resolve; it leaves no trace then
     */
    public CompiledSettings compile(ProxySettings source) throws SettingsException {
        CompiledSettings compiled = prepare(source);
        accept();
        return compiled;
    }

    /**
     * Compiles a configuration that may yet be refused. Unless {@link #accept} follows it leaves no trace: numbers have no
     * gaps, since services stand in lists by their number, and a service that never was is shown to nobody.
     *
     * @throws SettingsException naming every host that does not resolve
     */
    public CompiledSettings prepare(ProxySettings source) throws SettingsException {
        services.shrinkTo(servicesKnown);
        backends.shrinkTo(backendsKnown);
        listeners.shrinkTo(listenersKnown);
        policers.shrinkTo(policersKnown);
        return compileAll(source);
    }

    /** What was prepared last comes into force: its numbers stay. */
    public void accept() {
        known.clear();
        known.putAll(next);
        servicesKnown = services.size();
        backendsKnown = backends.size();
        listenersKnown = listeners.size();
        policersKnown = policers.size();
    }

    private CompiledSettings compileAll(ProxySettings source) throws SettingsException {
        Faults faults = new Faults();
        Map<String, NameResolver.Resolution> resolved = names.resolve(hosts(source));
        List<CompiledBackend> compiledBackends = new ArrayList<>();
        List<ListenerSpec> compiledListeners = new ArrayList<>();
        List<Names.Listener> listenerNames = new ArrayList<>();
        TreeMap<Integer, CompiledService> nextServices = new TreeMap<>();
        TreeMap<Integer, BackendPool> nextPools = new TreeMap<>();
        RouteCompiler routes = new RouteCompiler(source.multicloud(), gateways);
        for (CompiledService gone : known.values()) {
            int id = gone.id();
            nextServices.put(id, new CompiledService(id, gone.protocol(), false, gone.settings()));
            // Without backends: nobody watches their health any more, and should they come back they begin as healthy.
            nextPools.put(id, routes.pool(gone.settings(), List.of()));
        }
        for (ServiceSettings settings : source.services()) {
            for (Protocol protocol : Protocol.values()) {
                if (settings.speaks(protocol)) {
                    int id = services.of(new ServiceKey(settings.name(), protocol));
                    CompiledService service = new CompiledService(id, protocol.number(), true, settings);
                    nextServices.put(id, service);
                    List<CompiledBackend> pool = backends(service, resolved, faults);
                    compiledBackends.addAll(pool);
                    if (faults.lines.isEmpty()) {
                        nextPools.put(id, routes.pool(settings, pool));
                    }
                    if (protocol != Protocol.IP) {
                        compiledListeners.addAll(listeners(service, protocol, resolved, faults, listenerNames));
                    }
                }
            }
        }
        if (!faults.lines.isEmpty()) {
            throw new SettingsException(List.copyOf(faults.lines));
        }
        next.clear();
        next.putAll(nextServices);
        return new CompiledSettings(
                source,
                pipeline(source, List.copyOf(nextPools.values()), names(compiledBackends, listenerNames)),
                List.copyOf(next.values()),
                List.copyOf(compiledBackends),
                List.copyOf(compiledListeners));
    }

    /** Faults as they are found, each told once. */
    private static final class Faults {
        private final Set<String> lines = new LinkedHashSet<>();

        /** The addresses of a name, or none and a fault. */
        List<InetAddress> addresses(String what, String host, Map<String, NameResolver.Resolution> resolved) {
            NameResolver.Resolution resolution =
                    resolved.getOrDefault(host, new NameResolver.Resolution(List.of(), ""));
            String fault = NameResolver.fault(what, host, resolution);
            if (fault != null) {
                lines.add(fault);
            }
            return resolution.addresses();
        }
    }

    private static Set<String> hosts(ProxySettings source) {
        Set<String> hosts = new HashSet<>();
        for (ServiceSettings service : source.services()) {
            service.backends().forEach(backend -> hosts.add(backend.host()));
            service.listen().stream()
                    .filter(listen -> listen.protocol() != Protocol.IP)
                    .forEach(listen -> hosts.add(hostOf(listen)));
        }
        return hosts;
    }

    /** The protocol of a pipeline service that was accepted at some time, or prepared last. */
    public Protocol protocol(int service) {
        return services.key(service).protocol();
    }

    private List<CompiledBackend> backends(
            CompiledService service, Map<String, NameResolver.Resolution> resolved, Faults faults)
            throws SettingsException {
        List<CompiledBackend> compiled = new ArrayList<>();
        for (BackendSettings backend : service.settings().backends()) {
            String what = "backend " + backend.id() + " of service "
                    + service.settings().name();
            List<InetSocketAddress> addresses = faults.addresses(what, backend.host(), resolved).stream()
                    .map(address -> new InetSocketAddress(address, backend.port()))
                    .toList();
            if (!addresses.isEmpty()) {
                int index = backends.of(new BackendKey(service.id(), backend.id(), backend.host(), backend.port()));
                compiled.add(new CompiledBackend(
                        new BackendTarget(index, service.id(), backend.id(), addresses.getFirst()),
                        backend,
                        service,
                        addresses));
            }
        }
        return compiled;
    }

    private List<ListenerSpec> listeners(
            CompiledService service,
            Protocol protocol,
            Map<String, NameResolver.Resolution> resolved,
            Faults faults,
            List<Names.Listener> named)
            throws SettingsException {
        List<ListenerSpec> compiled = new ArrayList<>();
        for (ListenAddress listen : service.settings().listen()) {
            if (listen.protocol() == protocol) {
                String what = "listen address of service " + service.settings().name();
                List<InetAddress> addresses = faults.addresses(what, hostOf(listen), resolved);
                for (InetAddress address : toListenOn(listen, addresses)) {
                    ListenAddress key = listen.host().equals(NameResolver.LOCALHOST)
                            ? new ListenAddress(protocol, address.getHostAddress(), listen.port())
                            : listen;
                    int number = listeners.of(new ListenerKey(service.id(), key));
                    InetSocketAddress bound = new InetSocketAddress(address, listen.port());
                    compiled.add(new ListenerSpec(number, service.id(), bound, service.settings()));
                    boolean isName = Addresses.literal(hostOf(key)) == null;
                    String host = isName ? key.host() : address.getHostAddress();
                    named.add(new Names.Listener(number, service.id(), host, key.port()));
                }
            }
        }
        return compiled;
    }

    private static String hostOf(ListenAddress listen) {
        return listen.host().equals("*") ? "::" : listen.host();
    }

    /** Who connects to localhost may come by either family, so that is listened on by both; a free port can't be two. */
    private static List<InetAddress> toListenOn(ListenAddress listen, List<InetAddress> addresses) {
        if (!listen.host().equals(NameResolver.LOCALHOST) || listen.port() == 0) {
            return addresses.stream().limit(1).toList();
        }
        return addresses;
    }

    private static Names names(List<CompiledBackend> backends, List<Names.Listener> listeners) {
        return new Names(
                backends.stream()
                        .map(backend -> new Names.Backend(
                                backend.target().index(),
                                backend.service().id(),
                                backend.settings().id(),
                                backend.settings().host(),
                                backend.settings().port(),
                                backend.settings().provider().label(),
                                backend.settings().region(),
                                backend.settings().costPerGb()))
                        .toList(),
                listeners);
    }

    private PipelineSettings pipeline(ProxySettings source, List<BackendPool> pools, Names names)
            throws SettingsException {
        QosSettings qos = source.qos();
        List<ServiceProfile> profiles =
                next.values().stream().map(SettingsCompiler::profile).toList();
        List<ClassifyRule> rules = qos.enabled() ? RuleCompiler.compile(qos.rules()) : List.of();
        List<PoliceSettings> policing =
                qos.enabled() ? PoliceCompiler.compile(qos.rules(), rules, policers) : List.of();
        return new PipelineSettings(
                ++version,
                source.hash(),
                new ClassifySettings(profiles, rules),
                RateCompiler.compile(qos, List.copyOf(next.values()), shards, policing),
                new MarkSettings(
                        qos.enabled(),
                        qos.classes().get(0).dscp(),
                        qos.classes().get(1).dscp(),
                        qos.classes().get(2).dscp(),
                        qos.classes().get(3).dscp()),
                new RouteSettings(seed, epochOffsetNs, pools),
                names);
    }

    private static ServiceProfile profile(CompiledService service) {
        ServiceSettings settings = service.settings();
        boolean packets = service.protocol() == Protocol.IP.number();
        boolean tcp = service.protocol() == TCP;
        return new ServiceProfile(
                service.id(),
                settings.name(),
                service.protocol(),
                service.active(),
                settings.trafficClass().ordinal(),
                (tcp || packets ? settings.idleTimeout() : settings.sessionTimeout()).toNanos(),
                packets ? 0 : settings.maxSessions(),
                settings.sessionOverflow() == ServiceSettings.SessionOverflow.EVICT_OLDEST,
                settings.replies());
    }
}

package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compiles configurations one after the other, with numbers that stay over reloads. A configured service that listens on TCP
 * and on UDP becomes two, each with its own backends and their health, since a host may serve one and not the other.
 *
 * <p>Resolves names, which may take time: not on a shard's thread. One thread at a time.
 */
public final class SettingsCompiler {
    static final int TCP = 6;
    static final int UDP = 17;
    private static final int MOST_SERVICES = 65_536;
    private static final int MOST_LISTENERS = 65_536;
    private static final int MOST_BACKENDS = 1 << 24;

    private record ServiceKey(String name, Protocol protocol) {}

    private record BackendKey(int service, String id, String host, int port) {}

    private record ListenerKey(int service, ListenAddress address) {}

    private final Numbers<ServiceKey> services = new Numbers<>(MOST_SERVICES, "services");
    private final Numbers<BackendKey> backends = new Numbers<>(MOST_BACKENDS, "backends");
    private final Numbers<ListenerKey> listeners = new Numbers<>(MOST_LISTENERS, "listeners");
    private final TreeMap<Integer, CompiledService> known = new TreeMap<>();
    private long version;

    /**
     * Compiles a configuration. One that is refused leaves no trace: numbers have no gaps, since services stand in lists by
     * their number.
     *
     * @throws SettingsException naming every host that does not resolve
     */
    public CompiledSettings compile(ProxySettings source) throws SettingsException {
        int servicesBefore = services.size();
        int backendsBefore = backends.size();
        int listenersBefore = listeners.size();
        try {
            return compileAll(source);
        } catch (SettingsException e) {
            services.shrinkTo(servicesBefore);
            backends.shrinkTo(backendsBefore);
            listeners.shrinkTo(listenersBefore);
            throw e;
        }
    }

    private CompiledSettings compileAll(ProxySettings source) throws SettingsException {
        List<String> faults = new ArrayList<>();
        List<CompiledBackend> compiledBackends = new ArrayList<>();
        List<ListenerSpec> compiledListeners = new ArrayList<>();
        TreeMap<Integer, CompiledService> nextServices = new TreeMap<>();
        TreeMap<Integer, BackendPool> nextPools = new TreeMap<>();
        known.forEach((id, service) -> {
            nextServices.put(id, new CompiledService(id, service.protocol(), false, service.settings()));
            // Without backends: nobody watches their health any more, and should they come back they begin as healthy.
            nextPools.put(id, pool(service.settings(), List.of()));
        });
        for (ServiceSettings settings : source.services()) {
            for (Protocol protocol : Protocol.values()) {
                if (settings.speaks(protocol)) {
                    int id = services.of(new ServiceKey(settings.name(), protocol));
                    CompiledService service = new CompiledService(id, protocol.number(), true, settings);
                    nextServices.put(id, service);
                    List<CompiledBackend> pool = backends(service, faults);
                    compiledBackends.addAll(pool);
                    nextPools.put(id, pool(settings, pool));
                    compiledListeners.addAll(listeners(service, protocol, faults));
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new SettingsException(faults);
        }
        known.clear();
        known.putAll(nextServices);
        return new CompiledSettings(
                source,
                pipeline(source, List.copyOf(nextPools.values())),
                List.copyOf(known.values()),
                List.copyOf(compiledBackends),
                List.copyOf(compiledListeners));
    }

    /** The protocol of a pipeline service that was compiled at some time. */
    public Protocol protocol(int service) {
        return services.key(service).protocol();
    }

    private List<CompiledBackend> backends(CompiledService service, List<String> faults) throws SettingsException {
        List<CompiledBackend> compiled = new ArrayList<>();
        for (BackendSettings backend : service.settings().backends()) {
            InetSocketAddress address = resolve(
                    "backend " + backend.id() + " of service "
                            + service.settings().name(),
                    backend.host(),
                    backend.port(),
                    faults);
            if (address != null) {
                int index = backends.of(new BackendKey(service.id(), backend.id(), backend.host(), backend.port()));
                compiled.add(new CompiledBackend(
                        new BackendTarget(index, service.id(), backend.id(), address), backend, service));
            }
        }
        return compiled;
    }

    private List<ListenerSpec> listeners(CompiledService service, Protocol protocol, List<String> faults)
            throws SettingsException {
        List<ListenerSpec> compiled = new ArrayList<>();
        for (ListenAddress listen : service.settings().listen()) {
            if (listen.protocol() == protocol) {
                String host = listen.host().equals("*") ? "::" : listen.host();
                InetSocketAddress address = resolve(
                        "listen address of service " + service.settings().name(), host, listen.port(), faults);
                if (address != null) {
                    int number = listeners.of(new ListenerKey(service.id(), listen));
                    compiled.add(new ListenerSpec(number, service.id(), address, service.settings()));
                }
            }
        }
        return compiled;
    }

    private static @Nullable InetSocketAddress resolve(String what, String host, int port, List<String> faults) {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            String fault = what + ": unknown host name " + host;
            if (!faults.contains(fault)) {
                faults.add(fault);
            }
            return null;
        }
    }

    private static BackendPool pool(ServiceSettings settings, List<CompiledBackend> backends) {
        return new BackendPool(
                backends.stream().map(backend -> backend.target().index()).toList(),
                settings.connect().tries(),
                settings.connect().total().toNanos());
    }

    private PipelineSettings pipeline(ProxySettings source, List<BackendPool> pools) {
        QosSettings qos = source.qos();
        List<ServiceProfile> profiles =
                known.values().stream().map(SettingsCompiler::profile).toList();
        return new PipelineSettings(
                ++version,
                source.hash(),
                new ClassifySettings(profiles, qos.enabled() ? RuleCompiler.compile(qos.rules()) : List.of()),
                new ShapeSettings(
                        qos.classes().get(0).queuePackets(),
                        qos.classes().get(1).queuePackets(),
                        qos.classes().get(2).queuePackets(),
                        qos.classes().get(3).queuePackets()),
                new MarkSettings(
                        qos.enabled(),
                        qos.classes().get(0).dscp(),
                        qos.classes().get(1).dscp(),
                        qos.classes().get(2).dscp(),
                        qos.classes().get(3).dscp()),
                new RouteSettings(pools));
    }

    private static ServiceProfile profile(CompiledService service) {
        ServiceSettings settings = service.settings();
        boolean tcp = service.protocol() == TCP;
        return new ServiceProfile(
                service.id(),
                settings.name(),
                service.protocol(),
                service.active(),
                settings.trafficClass().ordinal(),
                (tcp ? settings.idleTimeout() : settings.sessionTimeout()).toNanos(),
                settings.maxSessions(),
                settings.sessionOverflow() == ServiceSettings.SessionOverflow.EVICT_OLDEST,
                settings.replies());
    }
}

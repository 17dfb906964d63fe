package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * A configuration as whole IP packets meet it. Its services keep their numbers, classes, rules and backends, but take packets
 * instead of relaying what they carry. The packets that are to none of their addresses are of the one that listens on
 * {@code ip://*}; a configuration without such a one has one more, {@value #NAME}, with gateways for backends.
 */
final class IpServices {
    /** The service of whatever is to no other. */
    static final String NAME = "ip";

    private static final long IDLE_NS = TimeUnit.SECONDS.toNanos(60);

    /** A service's address; a wildcard has no IP version of its own, unless it is IPv4's. */
    private record Listener(
            int protocol, int port, boolean isWildcard, int ipVersion, long high, long low, int service) {
        boolean takes(PacketDescriptor packet) {
            if (packet.protocol() != protocol || packet.destinationPort() != port) {
                return false;
            }
            if (isWildcard) {
                return ipVersion == 6 || packet.ipVersion() == ipVersion;
            }
            return packet.ipVersion() == ipVersion
                    && packet.destinationHigh() == high
                    && packet.destinationLow() == low;
        }
    }

    private final PipelineSettings pipeline;
    private final int maxFlows;
    private final List<Listener> listeners;
    private final int fallback;

    private IpServices(PipelineSettings pipeline, int maxFlows, List<Listener> listeners) {
        this.pipeline = pipeline;
        this.maxFlows = maxFlows;
        this.listeners = listeners;
        this.fallback = fallback(pipeline);
    }

    private static int fallback(PipelineSettings pipeline) {
        return pipeline.classify().services().stream()
                .filter(service -> service.active() && service.protocol() == ServiceProfile.IP)
                .findFirst()
                .orElseThrow()
                .id();
    }

    /** The service {@value #NAME} alone, with the default classes and no rules. */
    static IpServices builtIn(int gateways) throws JournalException {
        return of(
                new ProxySettings(
                        Path.of("."),
                        AdminSettings.DEFAULT,
                        EngineSettings.DEFAULT,
                        QosSettings.DEFAULT,
                        List.of(),
                        ProxySettings.LogLevel.INFO,
                        "built-in"),
                gateways);
    }

    /**
     * A configuration's services, and {@value #NAME} if none of them takes all packets.
     *
     * @param gateways among which the packets of {@value #NAME} are routed
     */
    static IpServices of(ProxySettings settings, int gateways) throws JournalException {
        try {
            CompiledSettings compiled = new SettingsCompiler(NameResolver.offline()).compile(settings);
            return new IpServices(
                    withPackets(compiled.pipeline(), gateways),
                    settings.engine().maxFlows(),
                    listeners(compiled));
        } catch (SettingsException e) {
            throw new JournalException(String.valueOf(e.getMessage()));
        }
    }

    private static ServiceProfile withPackets(ServiceProfile relay) {
        if (relay.isIp()) {
            return relay;
        }
        return new ServiceProfile(
                relay.id(),
                relay.name(),
                ServiceProfile.IP + relay.protocol(),
                relay.active(),
                relay.defaultClass(),
                relay.idleTimeoutNs(),
                0,
                false,
                0);
    }

    /** Whether a recording is of imported packets. */
    static boolean isImported(PipelineSettings recorded) {
        return recorded.classify().services().stream().anyMatch(ServiceProfile::isIp);
    }

    /**
     * Another configuration as imported packets meet it. Of {@value #NAME} and its gateways, which stood in no configuration, one that has
     * no service for all packets says nothing: they stay.
     *
     * @param relays compiled onto the numbers of what was recorded
     */
    static PipelineSettings instead(PipelineSettings recorded, PipelineSettings relays) {
        List<ServiceProfile> profiles = new ArrayList<>();
        List<BackendPool> pools = new ArrayList<>(relays.route().pools());
        List<Names.Backend> backends = new ArrayList<>(relays.names().backends());
        for (ServiceProfile relay : relays.classify().services()) {
            int id = relay.id();
            boolean isFallback = !relay.active() && isBuiltIn(recorded, id);
            profiles.add(isFallback ? recorded.classify().services().get(id) : withPackets(relay));
            if (isFallback) {
                pools.set(id, recorded.route().pools().get(id));
                recorded.names().backends().stream()
                        .filter(backend -> backend.service() == id)
                        .forEach(backends::add);
            }
        }
        return with(relays, profiles, pools, backends);
    }

    private static boolean isBuiltIn(PipelineSettings recorded, int service) {
        return service < recorded.classify().services().size()
                && recorded.classify().services().get(service).protocol() == ServiceProfile.IP
                && recorded.names().backends().stream()
                        .noneMatch(backend ->
                                backend.service() == service && !backend.host().isEmpty());
    }

    private static PipelineSettings withPackets(PipelineSettings relays, int gateways) {
        List<ServiceProfile> profiles = new ArrayList<>();
        relays.classify().services().forEach(relay -> profiles.add(withPackets(relay)));
        if (profiles.stream().anyMatch(profile -> profile.protocol() == ServiceProfile.IP)) {
            return with(relays, profiles, relays.route().pools(), relays.names().backends());
        }
        profiles.add(new ServiceProfile(
                profiles.size(), NAME, ServiceProfile.IP, true, TrafficClass.P3.ordinal(), IDLE_NS, 0, false, 0));
        List<BackendPool> pools = new ArrayList<>(relays.route().pools());
        int first = pools.stream()
                        .flatMap(pool -> pool.backends().stream())
                        .mapToInt(Integer::intValue)
                        .max()
                        .orElse(-1)
                + 1;
        pools.add(new BackendPool(
                IntStream.range(first, first + gateways).boxed().toList(), 1, TimeUnit.SECONDS.toNanos(1)));
        List<Names.Backend> backends = new ArrayList<>(relays.names().backends());
        for (int i = 0; i < gateways; i++) {
            backends.add(new Names.Backend(first + i, profiles.size() - 1, "gateway-" + (i + 1), "", 0, "", "", 0));
        }
        return with(relays, profiles, pools, backends);
    }

    private static PipelineSettings with(
            PipelineSettings relays,
            List<ServiceProfile> profiles,
            List<BackendPool> pools,
            List<Names.Backend> backends) {
        return new PipelineSettings(
                relays.version(),
                relays.hash(),
                new ClassifySettings(profiles, relays.classify().rules()),
                relays.shape(),
                relays.mark(),
                new RouteSettings(relays.route().seed(), relays.route().epochOffsetNs(), pools),
                new Names(backends, relays.names().listeners()));
    }

    /** The most specific first. */
    private static List<Listener> listeners(CompiledSettings compiled) {
        List<Listener> specific = new ArrayList<>();
        List<Listener> wildcards = new ArrayList<>();
        for (ListenerSpec spec : compiled.listeners()) {
            InetSocketAddress at = spec.address();
            InetAddress address = at.getAddress();
            ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
            boolean isV4 = bytes.remaining() == Integer.BYTES;
            Listener listener = new Listener(
                    compiled.services().get(spec.service()).protocol(),
                    at.getPort(),
                    address.isAnyLocalAddress(),
                    isV4 ? 4 : 6,
                    isV4 ? 0 : bytes.getLong(),
                    isV4 ? Integer.toUnsignedLong(bytes.getInt()) : bytes.getLong(),
                    spec.service());
            (listener.isWildcard() ? wildcards : specific).add(listener);
        }
        specific.addAll(wildcards);
        return specific;
    }

    /** What a pipeline is told. */
    PipelineSettings pipeline() {
        return pipeline;
    }

    /** Flows at the most. */
    int maxFlows() {
        return maxFlows;
    }

    /** The service that a packet is of: that which listens where it is sent to, or that of all others. */
    int serviceOf(PacketDescriptor packet) {
        for (int i = 0; i < listeners.size(); i++) {
            if (listeners.get(i).takes(packet)) {
                return listeners.get(i).service();
            }
        }
        return fallback;
    }
}

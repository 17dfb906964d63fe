package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A configuration in the shards' terms.
 *
 * @param pipeline what the stages are told
 * @param services by number, those included that a reload has taken away
 * @param backends of the active services
 * @param listeners of the active services
 */
public record CompiledSettings(
        ProxySettings source,
        PipelineSettings pipeline,
        List<CompiledService> services,
        List<CompiledBackend> backends,
        List<ListenerSpec> listeners) {

    /**
     * One service and protocol.
     *
     * @param protocol IP protocol number: 6 TCP, 17 UDP; {@code Protocol.IP}'s for whole IP packets
     * @param active false when a reload took it away
     */
    public record CompiledService(int id, int protocol, boolean active, ServiceSettings settings) {
        /** {@code tcp}, {@code udp} or {@code ip}. */
        public String protocolLabel() {
            return switch (protocol) {
                case SettingsCompiler.TCP -> "tcp";
                case SettingsCompiler.UDP -> "udp";
                default -> "ip";
            };
        }

        /** Its name and protocol, such as {@code web/tcp}: the same on every start. */
        public String label() {
            return settings.name() + "/" + protocolLabel();
        }
    }

    /**
     * One backend of one service and protocol.
     *
     * @param target with the address in use
     * @param addresses all that its name has, in the order to try them
     */
    public record CompiledBackend(
            BackendTarget target,
            BackendSettings settings,
            CompiledService service,
            List<InetSocketAddress> addresses) {

        /** The same backend with the addresses that its name has now. */
        CompiledBackend of(List<InetAddress> now) {
            return reachedBy(now.stream()
                    .map(address -> new InetSocketAddress(address, settings.port()))
                    .toList());
        }

        /** The same backend with other addresses: by the one in use when that is among them. */
        public CompiledBackend reachedBy(List<InetSocketAddress> others) {
            CompiledBackend renewed = new CompiledBackend(target, settings, service, others);
            return others.contains(target.address()) ? renewed : renewed.at(others.getFirst());
        }

        /** The same backend by another of its addresses. */
        public CompiledBackend at(InetSocketAddress address) {
            BackendTarget moved = new BackendTarget(target.index(), target.service(), target.id(), address);
            return new CompiledBackend(moved, settings, service, addresses);
        }
    }

    /** The same configuration with these backends in the place of its own. */
    public CompiledSettings with(List<CompiledBackend> others) {
        return new CompiledSettings(source, pipeline, services, others, listeners);
    }

    /** The backends by number, for the directory; null where a number is another service's or gone. */
    public @Nullable BackendTarget[] targets() {
        int most = pipeline.route().pools().stream()
                .flatMap(pool -> pool.backends().stream())
                .mapToInt(Integer::intValue)
                .max()
                .orElse(-1);
        @Nullable BackendTarget[] targets = new @Nullable BackendTarget[most + 1];
        backends.forEach(backend -> targets[backend.target().index()] = backend.target());
        return targets;
    }
}

package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler.BackendKey;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler.ServiceKey;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which numbers of a recorded snapshot another configuration's services and backends take over.
 *
 * <p>A service takes that of the recorded one with its name and protocol; if there is none, that of one whose name is gone and
 * on whose address it listens: it was renamed. The one that takes whole IP packets is the same whatever its name. A backend takes that of the one with its id in the same service, also when its
 * address is another.
 */
final class RecordedNumbers {
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final int NOBODY = -1;

    private final List<CompiledService> services = new ArrayList<>();
    private final List<BackendKey> backends = new ArrayList<>();

    /**
     * Matches.
     *
     * @param next the other configuration, compiled with numbers of its own
     */
    RecordedNumbers(PipelineSettings recorded, CompiledSettings next) {
        Set<ServiceKey> taken = new HashSet<>();
        recorded.classify().services().forEach(profile -> taken.add(key(profile)));
        for (ServiceProfile profile : recorded.classify().services()) {
            CompiledService same = profile.carries() == 0 ? ofPackets(next) : byName(next, key(profile));
            if (same == null) {
                same = byAddress(profile, recorded.names(), next, taken);
            }
            ServiceSettings settings = same == null ? asRecorded(profile) : same.settings();
            CompiledService service =
                    new CompiledService(profile.id(), key(profile).protocol().number(), false, settings);
            taken.add(key(service));
            services.add(service);
        }
        int count = 0;
        for (BackendPool pool : recorded.route().pools()) {
            for (int number : pool.backends()) {
                count = Math.max(count, number + 1);
            }
        }
        for (int i = 0; i < count; i++) {
            backends.add(new BackendKey(NOBODY, "", "", i));
        }
        recorded.names().backends().forEach(this::take);
    }

    private void take(Names.Backend backend) {
        while (backends.size() <= backend.number()) {
            backends.add(new BackendKey(NOBODY, "", "", backends.size()));
        }
        BackendKey key = services.get(backend.service()).settings().backends().stream()
                .filter(now -> now.id().equals(backend.id()))
                .findFirst()
                .map(now -> new BackendKey(backend.service(), now.id(), now.host(), now.port()))
                .orElse(new BackendKey(backend.service(), backend.id(), backend.host(), backend.port()));
        backends.set(backend.number(), key);
    }

    /** The one that takes IP packets that are to no other: there is one at the most, whatever it is called. */
    private static @Nullable CompiledService ofPackets(CompiledSettings next) {
        return next.services().stream()
                .filter(service -> service.protocol() == Protocol.IP.number())
                .findFirst()
                .orElse(null);
    }

    private static @Nullable CompiledService byName(CompiledSettings next, ServiceKey wanted) {
        return next.services().stream()
                .filter(service -> key(service).equals(wanted))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable CompiledService byAddress(
            ServiceProfile profile, Names recorded, CompiledSettings next, Set<ServiceKey> taken) {
        for (Names.Listener before : recorded.listeners()) {
            for (Names.Listener after : next.pipeline().names().listeners()) {
                CompiledService service = next.services().get(after.service());
                if (before.service() == profile.id()
                        && service.protocol() == profile.carries()
                        && before.isAt(after)
                        && !taken.contains(key(service))) {
                    return service;
                }
            }
        }
        return null;
    }

    /** A service that is there no more, with what its flows may still ask for. */
    private static ServiceSettings asRecorded(ServiceProfile profile) {
        Duration timeout = Duration.ofNanos(profile.idleTimeoutNs());
        Duration session = timeout.isZero() ? LONGEST : timeout;
        return ServiceSettings.builder(key(profile).name())
                .trafficClass(TrafficClass.values()[profile.defaultClass()])
                .idleTimeout(timeout)
                .sessionTimeout(session.toMillis() == 0 ? Duration.ofMillis(1) : session)
                .maxSessions(Math.max(profile.sessionCap(), 1))
                .replies(profile.replyLimit())
                .build();
    }

    static ServiceKey key(CompiledService service) {
        return new ServiceKey(service.settings().name(), protocol(service.protocol()));
    }

    private static ServiceKey key(ServiceProfile profile) {
        return new ServiceKey(profile.name(), protocol(profile.carries()));
    }

    private static Protocol protocol(int number) {
        return switch (number) {
            case SettingsCompiler.TCP -> Protocol.TCP;
            case SettingsCompiler.UDP -> Protocol.UDP;
            default -> Protocol.IP;
        };
    }

    /** Conditions of the recorded rules that police, by the policers' numbers; numbers that nothing is known of are nobody's. */
    static List<String> policers(PipelineSettings recorded) {
        List<String> conditions = new ArrayList<>();
        for (PoliceSettings one : recorded.shape().policing()) {
            while (conditions.size() <= one.number()) {
                conditions.add("(none " + conditions.size() + ")");
            }
            conditions.set(
                    one.number(),
                    RuleText.conditions(recorded.classify().rules().get(one.place())));
        }
        return conditions;
    }

    /** The recorded services by number, as a compiler knows those that are gone. */
    List<CompiledService> services() {
        return services;
    }

    /** Backends by number; numbers that nothing is known of are nobody's. */
    List<BackendKey> backends() {
        return backends;
    }
}

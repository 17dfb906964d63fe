package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.engine.health.ProbeTarget;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import java.util.List;

/** What the health monitor is told of a configuration. Only TCP is probed by a connect; UDP backends by their traffic alone. */
final class Probes {
    private Probes() {}

    static List<ProbeTarget> of(CompiledSettings settings) {
        return settings.backends().stream().map(Probes::probe).toList();
    }

    private static ProbeTarget probe(CompiledBackend backend) {
        HealthSettings settings = backend.service().settings().health();
        CompiledService service = backend.service();
        boolean probed = settings.protocol() == HealthSettings.Probe.TCP && service.protocol() == Protocol.TCP.number();
        return new ProbeTarget(
                backend.target().index(),
                service.id(),
                service.settings().name() + "/" + service.protocolLabel() + "/"
                        + backend.target().id(),
                backend.target().address(),
                probed,
                settings.interval().toNanos(),
                settings.timeout().toNanos(),
                settings.unhealthyAfter(),
                settings.healthyAfter(),
                settings.ejectFor().toNanos());
    }
}

package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.QosSettings.ClassSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rates as the shape stage has them. A service that listens on TCP and on UDP has its rate for both together. */
final class RateCompiler {
    private RateCompiler() {}

    /** Of services by number. */
    static ShapeSettings compile(
            QosSettings qos, List<CompiledService> services, int shards, List<PoliceSettings> policing) {
        ShapeSettings settings = new ShapeSettings(
                usual(qos.linkBits()),
                qos.classes().stream().map(RateCompiler::limits).toList(),
                limits(services),
                shards,
                codel(qos.codel()),
                policing);
        return qos.enabled() ? settings : settings.unlimited();
    }

    private static CodelSettings codel(QosSettings.Codel codel) {
        return codel.enabled()
                ? new CodelSettings(codel.target().toNanos(), codel.interval().toNanos())
                : CodelSettings.OFF;
    }

    private static ClassLimits limits(ClassSettings settings) {
        return new ClassLimits(
                settings.queuePackets(),
                usual(settings.guaranteeBits()),
                usual(settings.ceilingBits()),
                settings.weight());
    }

    private static List<ServiceLimits> limits(List<CompiledService> services) {
        Map<String, ShapingSettings> inForce = new HashMap<>();
        for (CompiledService service : services) {
            if (service.active()) {
                inForce.put(service.settings().name(), service.settings().shaping());
            }
        }
        Map<String, Integer> lowest = new HashMap<>();
        List<ServiceLimits> limits = new ArrayList<>();
        for (CompiledService service : services) {
            String name = service.settings().name();
            Integer other = lowest.putIfAbsent(name, service.id());
            ShapingSettings active = inForce.get(name);
            if (other != null) {
                limits.add(ServiceLimits.sharing(other));
            } else if (active != null) {
                limits.add(limits(active, usual(active.guaranteeBits())));
            } else {
                // A reload took it away. Its connections live on below its ceiling, but what it was promised others may
                // have now.
                limits.add(limits(service.settings().shaping(), RateLimit.NONE));
            }
        }
        return limits;
    }

    private static ServiceLimits limits(ShapingSettings shaping, RateLimit guarantee) {
        return new ServiceLimits(
                        guarantee,
                        limit(shaping.toBackendBits(), shaping.burstBytes()),
                        limit(shaping.toClientBits(), shaping.burstBytes()))
                .with(new EachLimits(
                        usual(shaping.client().toBackendBits()),
                        usual(shaping.client().toClientBits()),
                        usual(shaping.connection().toBackendBits()),
                        usual(shaping.connection().toClientBits())));
    }

    private static RateLimit usual(long bits) {
        return limit(bits, ShapingSettings.usualBurst(bits));
    }

    private static RateLimit limit(long bits, long burstBytes) {
        return bits == 0 ? RateLimit.NONE : new RateLimit(bits, burstBytes);
    }
}

package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.QosSettings.ClassSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;

/** Rates as the shape stage has them. A service that listens on TCP and on UDP has its rate for each of the two. */
final class RateCompiler {
    private RateCompiler() {}

    static ShapeSettings compile(QosSettings qos, List<CompiledService> services, int shards) {
        ShapeSettings settings = new ShapeSettings(
                usual(qos.linkBits()),
                qos.classes().stream().map(RateCompiler::limits).toList(),
                services.stream().map(RateCompiler::limits).toList(),
                shards);
        return qos.enabled() ? settings : settings.unlimited();
    }

    private static ClassLimits limits(ClassSettings settings) {
        return new ClassLimits(settings.queuePackets(), usual(settings.ceilingBits()));
    }

    private static ServiceLimits limits(CompiledService service) {
        ShapingSettings shaping = service.settings().shaping();
        return new ServiceLimits(
                limit(shaping.toBackendBits(), shaping.burstBytes()),
                limit(shaping.toClientBits(), shaping.burstBytes()));
    }

    private static RateLimit usual(long bits) {
        return limit(bits, ShapingSettings.usualBurst(bits));
    }

    private static RateLimit limit(long bits, long burstBytes) {
        return bits == 0 ? RateLimit.NONE : new RateLimit(bits, burstBytes);
    }
}

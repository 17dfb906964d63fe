package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.admin.AdminSource;
import io.marchproxy.l3l4.engine.status.StatusReport;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** The service as the admin server asks it. */
record AdminView(ProxyService service) implements AdminSource {
    @Override
    public StatusReport status() {
        return service.status();
    }

    @Override
    public Histogram residence() {
        return service.residence();
    }

    @Override
    public boolean live() {
        return service.live();
    }

    @Override
    public boolean ready() {
        return service.ready();
    }

    @Override
    public boolean drain(String serviceName, String backend, boolean wanted) {
        return service.drain(serviceName, backend, wanted);
    }

    @Override
    public Map<String, Long> udpEvents() {
        return service.udpEvents();
    }

    @Override
    public Map<String, String> algorithms() {
        return service.settings().services().stream()
                .collect(Collectors.toMap(
                        ServiceSettings::name,
                        each -> each.algorithm().name().toLowerCase(Locale.ROOT).replace('_', '-')));
    }
}

package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.admin.AdminServer;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.ServiceStatus;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the service says of itself in the log. */
final class Announcement {
    private static final Logger LOG = LoggerFactory.getLogger(Announcement.class);

    private Announcement() {}

    /** A line for what it runs on, for each listener and for the admin server. */
    static void started(ProxyService service, AdminServer admin, long tookNs) {
        StatusReport status = service.status();
        LOG.info(
                "proxy-l3l4 {}: {}, {}, {}",
                status.version(),
                status.transport(),
                status.mode(),
                count(status.shards().size(), "shard"));
        for (ServiceStatus each : status.services()) {
            each.listen().forEach(where -> LOG.info("service {}: {} → {}", each.name(), where, backends(each, status)));
        }
        LOG.info("admin: http://{}", hostAndPort(admin.address()));
        LOG.info("ready after {} ms: {}", tookNs / 1_000_000, oneLine(service.settings()));
    }

    private static String backends(ServiceStatus service, StatusReport status) {
        return status.backends().stream()
                .filter(backend -> backend.serviceId() == service.id())
                .map(backend -> backend.id().equals(backend.address())
                        ? backend.address()
                        : backend.id() + " " + backend.address())
                .collect(Collectors.joining(", "));
    }

    /** For instance {@code 2 services, 5 backends, configuration 1f0c…}. */
    static String oneLine(ProxySettings settings) {
        int backends = settings.services().stream()
                .mapToInt(service -> service.backends().size())
                .sum();
        return counts(settings.services().size(), backends) + ", configuration " + settings.hash();
    }

    static String counts(int services, int backends) {
        return count(services, "service") + ", " + count(backends, "backend");
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    static String duration(Duration duration) {
        return duration.toMillis() % 1_000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    private static String hostAndPort(InetSocketAddress address) {
        return HostPort.of(address).toString();
    }
}

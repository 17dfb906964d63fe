package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.schema.HealthKeys;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.settings.HealthSettings.Connections;
import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import java.util.List;
import java.util.Locale;

/** Finds what is wrong together in {@code services[].health}. */
final class ProbeChecks {
    private final Bound health;
    private final boolean tcp;
    private final boolean udp;
    private final Faults faults;
    private final Probe probe;

    ProbeChecks(Bound health, List<Placed<ListenAddress>> listen, Faults faults) {
        this.health = health;
        this.tcp = listen.stream().anyMatch(address -> address.value().protocol() == Protocol.TCP);
        this.udp = listen.stream().anyMatch(address -> address.value().protocol() == Protocol.UDP);
        this.faults = faults;
        this.probe = health.find(HealthKeys.PROTOCOL).orElse(Probe.NONE);
    }

    void check() {
        checkListeners();
        String probes = probe.name().toLowerCase(Locale.ROOT) + " probes";
        if (probe == Probe.NONE || probe == Probe.ICMP) {
            String none = probe == Probe.NONE ? "nothing is probed" : probes + " ask the host's kernel alone";
            refuse(none, HealthKeys.PORT, HealthKeys.SEND, HealthKeys.EXPECT);
        }
        if (!probe.isHttp()) {
            refuse(
                    "health.protocol is neither http nor https",
                    HealthKeys.HTTP_PATH,
                    HealthKeys.HTTP_HOST,
                    HealthKeys.HTTP_STATUS);
        } else {
            refuse(probes + " send a GET request", HealthKeys.SEND);
        }
        if (probe != Probe.HTTPS) {
            refuse("health.protocol is not https", HealthKeys.VERIFY_TLS);
        }
        checkQuestion();
        if (!tcp && health.get(HealthKeys.ON_UNHEALTHY) != Connections.LEAVE) {
            fault(HealthKeys.ON_UNHEALTHY, "has no effect: the service has no tcp:// listener; remove the key");
        }
    }

    /** A probe of another protocol than the backend's own says nothing of it, unless it has a port of its own. */
    private void checkListeners() {
        if (health.find(HealthKeys.PORT).isPresent()) {
            return;
        }
        if (probe.isTcp() && !tcp) {
            fault(
                    HealthKeys.PROTOCOL,
                    "has no effect: the service has no tcp:// listener; set it to none, give health.port or remove the key");
        } else if (probe == Probe.UDP && !udp) {
            fault(
                    HealthKeys.PROTOCOL,
                    "has no effect: the service has no udp:// listener; set it to tcp or give health.port");
        }
    }

    private void checkQuestion() {
        boolean sends = !health.get(HealthKeys.SEND).isEmpty();
        if (probe == Probe.UDP && !sends) {
            fault(HealthKeys.PROTOCOL, "needs health.send: something that a sound backend answers");
        } else if (probe == Probe.TCP && sends && health.get(HealthKeys.EXPECT).isEmpty()) {
            fault(HealthKeys.SEND, "needs health.expect too: without it nobody looks at the answer");
        }
    }

    private void refuse(String why, Key<?>... keys) {
        for (Key<?> key : keys) {
            health.changed(key)
                    .ifPresent(origin ->
                            faults.add(origin, health.path(key), "has no effect: " + why + "; remove the key"));
        }
    }

    private void fault(Key<?> key, String message) {
        faults.add(health.origin(key), health.path(key), message);
    }
}

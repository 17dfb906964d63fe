package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import java.net.InetSocketAddress;

/**
 * A backend as the health monitor sees it.
 *
 * @param backend engine-wide number
 * @param service pipeline service number
 * @param label for log lines, such as {@code web/tcp/aws-1}
 * @param address that traffic goes to
 * @param host as configured: what HTTP asks for, and a certificate has to be for, unless the settings say otherwise
 * @param datagrams whether its traffic is UDP
 * @param probed false when only live traffic tells
 * @param settings how it is probed, and for how long it stays out
 */
public record ProbeTarget(
        int backend,
        int service,
        String label,
        InetSocketAddress address,
        String host,
        boolean datagrams,
        boolean probed,
        HealthSettings settings) {

    /** Where probes go. */
    InetSocketAddress probeAddress() {
        int port = settings.question().port();
        return port == 0 ? address : new InetSocketAddress(address.getAddress(), port);
    }

    /** The host that HTTP asks for. */
    String probeHost() {
        String asked = settings.question().host();
        return asked.isEmpty() ? host : asked;
    }

    /** Between the starts of two probes. */
    public long intervalNs() {
        return settings.interval().toNanos();
    }

    /** After which a probe has failed. */
    public long timeoutNs() {
        return settings.timeout().toNanos();
    }

    /** Successful probes in a row that bring it back. */
    public int healthyAfter() {
        return settings.healthyAfter();
    }

    /** Whether a successful probe says that what took it out is over. */
    boolean probesClear(Ejection reason) {
        return probed && (reason.seenByConnect() || settings.asksTheProcess());
    }
}

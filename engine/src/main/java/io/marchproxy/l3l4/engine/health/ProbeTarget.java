package io.marchproxy.l3l4.engine.health;

import java.net.InetSocketAddress;

/**
 * A backend as the health monitor sees it.
 *
 * @param backend engine-wide number
 * @param service pipeline service number
 * @param label for log lines, such as {@code web/tcp/aws-1}
 * @param probed true for TCP connect probes, false when only live traffic tells
 * @param intervalNs between the starts of two probes
 * @param timeoutNs after which a probe has failed
 * @param unhealthyAfter failed probes in a row that make it unhealthy
 * @param healthyAfter successful probes in a row that make it healthy again
 * @param ejectForNs how long one that nothing probes stays out after live traffic met an error
 */
public record ProbeTarget(
        int backend,
        int service,
        String label,
        InetSocketAddress address,
        boolean probed,
        long intervalNs,
        long timeoutNs,
        int unhealthyAfter,
        int healthyAfter,
        long ejectForNs) {}

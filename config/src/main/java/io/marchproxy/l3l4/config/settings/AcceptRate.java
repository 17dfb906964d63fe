package io.marchproxy.l3l4.config.settings;

/**
 * How fast one client address may open connections.
 *
 * @param perSecond sustained
 * @param burst at once
 */
public record AcceptRate(long perSecond, int burst) {
    public AcceptRate {
        Ranges.check("accept-rate-per-client.rate", perSecond, 1, 1_000_000_000);
        Ranges.check("accept-rate-per-client.burst", burst, 1, 1_000_000_000);
    }
}

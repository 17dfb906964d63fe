package io.marchproxy.l3l4.engine.health;

/**
 * A backend's health by consecutive results: probes flip it after a stated number in a row, an error of live traffic at
 * once. Knows no clock: time is handed in. Not safe for use by several threads.
 */
final class HealthState {
    private final ProbeTarget target;
    private boolean healthy = true;
    private int successes;
    private int failures;
    private long ejectedUntilNs;
    private long sinceNs;
    private long rttNs;
    private String lastError = "";

    HealthState(ProbeTarget target, long nowNs) {
        this.target = target;
        this.sinceNs = nowNs;
    }

    /** A probe succeeded. True when the backend thereby became healthy. */
    boolean probeSucceeded(long roundTripNs, long nowNs) {
        rttNs = roundTripNs;
        failures = 0;
        successes = Math.min(successes + 1, target.healthyAfter());
        return !healthy && successes >= target.healthyAfter() && flip(true, "", nowNs);
    }

    /** A probe failed. True when the backend thereby became unhealthy. */
    boolean probeFailed(String error, long nowNs) {
        successes = 0;
        failures = Math.min(failures + 1, target.unhealthyAfter());
        if (!healthy) {
            lastError = error;
        }
        return healthy && failures >= target.unhealthyAfter() && flip(false, error, nowNs);
    }

    /** Live traffic met an error. True when the backend thereby became unhealthy. */
    boolean trafficFailed(String error, long nowNs) {
        successes = 0;
        ejectedUntilNs = nowNs + target.ejectForNs();
        return healthy && flip(false, error, nowNs);
    }

    /** Time has passed: one that nothing probes comes back when its ejection is over. True when it did. */
    boolean timePassed(long nowNs) {
        return !healthy && !target.probed() && nowNs - ejectedUntilNs >= 0 && flip(true, "", nowNs);
    }

    private boolean flip(boolean to, String error, long nowNs) {
        healthy = to;
        lastError = error;
        sinceNs = nowNs;
        successes = 0;
        failures = 0;
        return true;
    }

    ProbeTarget target() {
        return target;
    }

    boolean healthy() {
        return healthy;
    }

    /** When it last flipped, in the monitor's time. */
    long sinceNs() {
        return sinceNs;
    }

    /** Round trip of the last successful probe; 0 before the first. */
    long rttNs() {
        return rttNs;
    }

    String lastError() {
        return lastError;
    }

    /** Takes over what is known under settings that changed. */
    void inherit(HealthState former) {
        healthy = former.healthy;
        ejectedUntilNs = former.ejectedUntilNs;
        sinceNs = former.sinceNs;
        rttNs = former.rttNs;
        lastError = former.lastError;
    }
}

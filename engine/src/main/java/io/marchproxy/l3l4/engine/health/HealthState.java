package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import java.util.EnumMap;
import java.util.Map;

/**
 * A backend's health: probes flip it after a stated number in a row or when too many of a window are lost, what live traffic
 * meets at once; once out it stays out for a while ({@link HoldDown}). Knows no clock: time is handed in. Not safe for use by
 * several threads.
 */
final class HealthState {
    private final ProbeTarget target;
    private final HealthSettings settings;
    private final ProbeWindow window;
    private final HoldDown hold = new HoldDown();
    private final EnumMap<Ejection, Long> ejections = new EnumMap<>(Ejection.class);
    private boolean healthy = true;
    private boolean drained;
    private Ejection reason = Ejection.PROBES;
    private int successes;
    private int failures;
    private long heldUntilNs;
    private long sinceNs;
    private long probes;
    private long probesFailed;
    private String lastError = "";

    HealthState(ProbeTarget target, long nowNs) {
        this.target = target;
        this.settings = target.settings();
        this.window = new ProbeWindow(settings.window());
        this.sinceNs = nowNs;
    }

    /** A probe succeeded. True when the backend thereby became healthy. */
    boolean probeSucceeded(long roundTripNs, long nowNs) {
        probes++;
        window.answered(roundTripNs);
        failures = 0;
        successes = Math.min(successes + 1, settings.healthyAfter());
        return !healthy && mayReturn(nowNs) && comeBack(nowNs);
    }

    private boolean mayReturn(long nowNs) {
        return successes >= settings.healthyAfter()
                && nowNs - heldUntilNs >= 0
                && (reason != Ejection.LOSS || window.loss() <= settings.maxLoss() / 2);
    }

    /** A probe failed. True when the backend thereby became unhealthy. */
    boolean probeFailed(String error, long nowNs) {
        probes++;
        probesFailed++;
        window.failed();
        successes = 0;
        failures = Math.min(failures + 1, settings.unhealthyAfter());
        if (!healthy) {
            lastError = reason == Ejection.LOSS ? lastError : error;
            return false;
        }
        if (failures >= settings.unhealthyAfter()) {
            return goOut(Ejection.PROBES, error, nowNs);
        }
        return window.isFull()
                && window.loss() > settings.maxLoss()
                && goOut(Ejection.LOSS, "%.0f %% of the probes fail: %s".formatted(100 * window.loss(), error), nowNs);
    }

    /** Live traffic met an error. True when the backend thereby became unhealthy. */
    boolean trafficFailed(Ejection cause, String error, long nowNs) {
        successes = 0;
        if (healthy) {
            return goOut(cause, error, nowNs);
        }
        if (!target.probed()) {
            // What was under way when it went out, or was sent there for want of another: it is not well yet.
            heldUntilNs = Math.max(heldUntilNs, nowNs + baseNs(cause));
        }
        return false;
    }

    /** Time has passed: one that nothing probes comes back when its hold is over. True when it did. */
    boolean timePassed(long nowNs) {
        return !healthy && !target.probed() && nowNs - heldUntilNs >= 0 && comeBack(nowNs);
    }

    private boolean goOut(Ejection cause, String error, long nowNs) {
        long healthyForNs = nowNs - sinceNs;
        heldUntilNs = nowNs + hold.begin(baseNs(cause), settings.holds().most().toNanos(), healthyForNs);
        reason = cause;
        ejections.merge(cause, 1L, Long::sum);
        return flip(false, error, nowNs);
    }

    private long baseNs(Ejection cause) {
        HealthSettings.Holds holds = settings.holds();
        return (target.probesClear(cause) ? holds.probed() : holds.unprobed()).toNanos();
    }

    private boolean comeBack(long nowNs) {
        window.restart();
        return flip(true, "", nowNs);
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

    /** Has it take no new traffic, however healthy it is, or take some again. True when that was not so before. */
    boolean drain(boolean wanted) {
        boolean changed = drained != wanted;
        drained = wanted;
        return changed;
    }

    boolean drained() {
        return drained;
    }

    /** Whether new traffic may go there. */
    boolean usable() {
        return healthy && !drained;
    }

    /** When it last flipped, in the monitor's time. */
    long sinceNs() {
        return sinceNs;
    }

    /** Until when it stays out in any case. */
    long heldUntilNs() {
        return heldUntilNs;
    }

    ProbeWindow window() {
        return window;
    }

    String lastError() {
        return lastError;
    }

    /** What is shown of it. */
    HealthMonitor.Health shown() {
        String state = healthy ? "healthy" : reason.label();
        return new HealthMonitor.Health(
                usable(),
                drained,
                drained ? "drained" : state,
                sinceNs,
                lastError,
                window.rttNs(),
                window.smoothedRttNs(),
                window.jitterNs(),
                window.loss(),
                probes,
                probesFailed,
                healthy ? 0 : heldUntilNs,
                Map.copyOf(ejections));
    }

    /** Takes over what is known under settings that changed. */
    void inherit(HealthState former) {
        healthy = former.healthy;
        drained = former.drained;
        reason = former.reason;
        heldUntilNs = former.heldUntilNs;
        sinceNs = former.sinceNs;
        lastError = former.lastError;
        probes = former.probes;
        probesFailed = former.probesFailed;
        ejections.putAll(former.ejections);
        hold.inherit(former.hold);
        window.inherit(former.window);
    }
}

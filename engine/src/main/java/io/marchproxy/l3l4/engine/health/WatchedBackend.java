package io.marchproxy.l3l4.engine.health;

import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/** A backend with all that the monitor knows of it. Monitor's thread. */
final class WatchedBackend {
    private final HealthState state;
    private final SilenceWatch silence;
    private final ResetWatch resets;
    private @Nullable ScheduledFuture<?> task;
    private long measuredNs;
    private boolean measured;

    WatchedBackend(HealthState state, SilenceWatch silence, ResetWatch resets) {
        this.state = state;
        this.silence = silence;
        this.resets = resets;
    }

    ProbeTarget target() {
        return state.target();
    }

    HealthState state() {
        return state;
    }

    SilenceWatch silence() {
        return silence;
    }

    ResetWatch resets() {
        return resets;
    }

    /** What probes it, or brings it back. */
    void runs(ScheduledFuture<?> next) {
        stop();
        task = next;
    }

    void stop() {
        ScheduledFuture<?> running = task;
        if (running != null) {
            running.cancel(false);
        }
    }

    /** Whether it is time to tell of a measurement again. */
    boolean mayMeasure(long nowNs, long leastBetweenNs) {
        if (measured && nowNs - measuredNs < leastBetweenNs) {
            return false;
        }
        measured = true;
        measuredNs = nowNs;
        return true;
    }
}

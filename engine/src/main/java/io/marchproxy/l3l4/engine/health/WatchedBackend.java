package io.marchproxy.l3l4.engine.health;

import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/** A backend with all that the monitor knows of it. Monitor's thread. */
final class WatchedBackend {
    private final HealthState state;
    private final SilenceWatch silence;
    private @Nullable ScheduledFuture<?> task;
    private long resets;
    private long resetsInLastTurn;
    private long measuredNs;
    private boolean measured;

    WatchedBackend(HealthState state, SilenceWatch silence) {
        this.state = state;
        this.silence = silence;
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

    /**
     * Counts a connection that was reset before it was answered. True when these outnumber the answers of the last turn and of
     * this: where others are answered it is that connection's own affair, and a client that provokes resets takes no backend
     * from the others.
     */
    boolean resetsOutnumberAnswers() {
        resets++;
        return resets + resetsInLastTurn > silence.answersLately();
    }

    /** A turn is over. */
    void turned() {
        resetsInLastTurn = resets;
        resets = 0;
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

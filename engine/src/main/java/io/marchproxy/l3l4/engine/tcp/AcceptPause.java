package io.marchproxy.l3l4.engine.tcp;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a listener wait when accepting fails, which it does at once and again and again when the process is out of file
 * descriptors. The wait doubles with each failure; an accept that succeeds a while after ends the episode. Event loop's thread.
 */
final class AcceptPause {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptPause.class);
    private static final long FIRST_MS = 10;
    private static final long LONGEST_MS = 1_000;

    /** At the limit every connection that ends lets one in, and accepting pauses again: that is one episode, not many. */
    private static final long QUIET_NS = TimeUnit.SECONDS.toNanos(1);

    private final EventLoop loop;
    private final AcceptPauses.Service pauses;
    private final String service;
    private final BooleanSupplier blocked;
    private final Runnable goOn;
    private long nextMs = FIRST_MS;
    private boolean paused;
    private boolean closed;
    private boolean inEpisode;
    private long lastPauseNs;

    /**
     * Watches a listener.
     *
     * @param blocked true while accepting would be of no use, though it might succeed
     * @param goOn is run at the end of each pause
     */
    AcceptPause(EventLoop loop, AcceptPauses pauses, String service, BooleanSupplier blocked, Runnable goOn) {
        this.loop = loop;
        this.pauses = pauses.of(service);
        this.service = service;
        this.blocked = blocked;
        this.goOn = goOn;
    }

    boolean isPaused() {
        return paused;
    }

    /** The listener is closed: no pause ends any more. */
    void close() {
        paused = true;
        closed = true;
        if (inEpisode) {
            inEpisode = false;
            pauses.ended();
        }
    }

    /** Accepting failed: stops it for a while. */
    void failed(Throwable cause) {
        pause(String.valueOf(cause.getMessage()));
    }

    /** Accepting is of no use for now: stops it for a while. */
    void pause(String reason) {
        if (paused) {
            return;
        }
        if (!inEpisode) {
            inEpisode = true;
            if (pauses.begun()) {
                LOG.warn("service {}: accepting connections pauses, those that stand live on: {}", service, reason);
            }
        }
        lastPauseNs = System.nanoTime();
        paused = true;
        loop.schedule(this::resume, nextMs, TimeUnit.MILLISECONDS);
        nextMs = Math.min(nextMs * 2, LONGEST_MS);
    }

    /** Accepting succeeded. */
    void accepted() {
        nextMs = FIRST_MS;
        if (inEpisode && System.nanoTime() - lastPauseNs > QUIET_NS) {
            inEpisode = false;
            if (pauses.ended()) {
                LOG.info("service {}: accepting connections again", service);
            }
        }
    }

    private void resume() {
        if (closed) {
            return;
        }
        if (blocked.getAsBoolean()) {
            loop.schedule(this::resume, FIRST_MS, TimeUnit.MILLISECONDS);
        } else {
            paused = false;
            goOn.run();
        }
    }
}

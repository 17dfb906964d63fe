package io.marchproxy.l3l4.engine.tcp;

import io.netty.channel.ServerChannel;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a listener wait when accepting fails, which it does at once and again and again when the process is out of file
 * descriptors. The wait doubles with each failure; the first accept that succeeds ends the episode. Event loop's thread.
 */
final class AcceptPause {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptPause.class);
    private static final long FIRST_MS = 10;
    private static final long LONGEST_MS = 1_000;

    private final ServerChannel channel;
    private final AcceptPauses pauses;
    private final String service;
    private long nextMs = FIRST_MS;
    private boolean inEpisode;

    AcceptPause(ServerChannel channel, AcceptPauses pauses, String service) {
        this.channel = channel;
        this.pauses = pauses;
        this.service = service;
    }

    /** Accepting failed: stops it for a while. */
    void failed(Throwable cause) {
        if (!channel.isOpen() || !channel.config().isAutoRead()) {
            return;
        }
        if (!inEpisode) {
            inEpisode = true;
            pauses.begun();
            LOG.warn(
                    "service {}: accepting connections pauses, those that stand live on: {}",
                    service,
                    cause.getMessage());
        }
        channel.config().setAutoRead(false);
        channel.eventLoop().schedule(this::resume, nextMs, TimeUnit.MILLISECONDS);
        nextMs = Math.min(nextMs * 2, LONGEST_MS);
    }

    /** Accepting succeeded. */
    void accepted() {
        if (inEpisode) {
            inEpisode = false;
            nextMs = FIRST_MS;
            LOG.info("service {}: accepting connections again", service);
        }
    }

    private void resume() {
        if (channel.isOpen()) {
            channel.config().setAutoRead(true);
        }
    }
}

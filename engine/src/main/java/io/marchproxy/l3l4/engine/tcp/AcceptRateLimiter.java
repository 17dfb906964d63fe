package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.AcceptRate;
import java.net.InetAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Limits how fast each client address opens connections: a token bucket per address, in whole nanoseconds. Shared by all
 * shards of a service; a connection is not the packet path, so a lock is fine here.
 *
 * <p>Bounded: at most {@link #MOST_ADDRESSES} are remembered, the longest silent forgotten first. One that is forgotten
 * starts with a full bucket again, so a crowd of addresses can get at most its bursts anew.
 */
final class AcceptRateLimiter {
    static final int MOST_ADDRESSES = 65_536;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    /** For each address, by when its bucket is full again; least recently used first. */
    private final Map<InetAddress, Long> fullAtNs = new LinkedHashMap<>(16, 0.75f, true);

    private @Nullable AcceptRate rate;

    /** Sets the rate, or null for no limit. */
    synchronized void rate(@Nullable AcceptRate value) {
        rate = value;
        if (value == null) {
            fullAtNs.clear();
        }
    }

    /** Takes a token of an address. False when its bucket is empty. */
    synchronized boolean tryAccept(InetAddress client, long nowNs) {
        AcceptRate limit = rate;
        if (limit == null) {
            return true;
        }
        long tokenNs = Math.max(1, SECOND_NS / limit.perSecond());
        Long known = fullAtNs.get(client);
        long fullAt = known == null || known - nowNs < 0 ? nowNs : known;
        long after = fullAt + tokenNs;
        if (after - nowNs > tokenNs * limit.burst()) {
            return false;
        }
        fullAtNs.put(client, after);
        if (fullAtNs.size() > MOST_ADDRESSES) {
            Iterator<Long> eldest = fullAtNs.values().iterator();
            eldest.next();
            eldest.remove();
        }
        return true;
    }
}

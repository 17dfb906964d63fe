package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * The backends that a service may choose from.
 *
 * @param backends their engine-wide numbers, kept over reloads, in configured order
 * @param connectTries connects at the most for one client connection, 1 or more; 1 switches retrying off
 * @param connectTotalNs time for all tries together
 */
public record BackendPool(List<Integer> backends, int connectTries, long connectTotalNs) {
    public BackendPool {
        backends = List.copyOf(backends);
        if (connectTries < 1) {
            throw new IllegalArgumentException("connect tries " + connectTries);
        }
    }
}

package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The backends of one service, taken in turn. The first choice is the first in configured order, so that a replay begins
 * where the original did; a reload goes on from where the turn stood.
 */
final class ServicePool extends SingleWriter {
    private static final int MASK_BITS = Long.SIZE;

    private final BackendStates states;
    private int[] backends = {};
    private int turn;
    private int connectTries;
    private long connectTotalNs;

    ServicePool(BackendStates states, BackendPool settings) {
        this.states = states;
        apply(settings);
    }

    void apply(BackendPool settings) {
        backends = settings.backends().stream().mapToInt(Integer::intValue).toArray();
        connectTries = settings.connectTries();
        connectTotalNs = settings.connectTotalNs();
        turn = backends.length == 0 ? 0 : turn % backends.length;
    }

    /** Connects at the most for one client connection. */
    int connectTries() {
        return connectTries;
    }

    long connectTotalNs() {
        return connectTotalNs;
    }

    /** The next usable backend, or {@code NO_BACKEND}. */
    int next() {
        return next(0L);
    }

    /** The next usable backend that a mask over the pool's first 64 does not name; if all are named, one that is. */
    int nextUntried(long tried) {
        int backend = next(tried);
        return backend == PacketDescriptor.NO_BACKEND ? next(0L) : backend;
    }

    private int next(long tried) {
        int position = turn;
        for (int i = 0; i < backends.length; i++) {
            int candidate = position;
            position = position + 1 == backends.length ? 0 : position + 1;
            if (states.usable(backends[candidate]) && (tried & bit(candidate)) == 0) {
                turn = position;
                return backends[candidate];
            }
        }
        return PacketDescriptor.NO_BACKEND;
    }

    /** The mask of a backend; 0 for those past the 64th, or no longer here. */
    long maskOf(int backend) {
        for (int i = 0; i < Math.min(backends.length, MASK_BITS); i++) {
            if (backends[i] == backend) {
                return bit(i);
            }
        }
        return 0;
    }

    void save(StateWriter to) {
        to.number(turn);
    }

    void restore(StateReader from) {
        turn = from.number(0, Math.max(backends.length - 1, 0));
    }

    private static long bit(int position) {
        return position < MASK_BITS ? 1L << position : 0;
    }
}

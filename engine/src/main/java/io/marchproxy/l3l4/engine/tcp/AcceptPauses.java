package io.marchproxy.l3l4.engine.tcp;

import java.util.concurrent.atomic.LongAdder;

/** How often listeners had to stop accepting for a while. Any thread. */
final class AcceptPauses {
    private final LongAdder episodes = new LongAdder();

    void begun() {
        episodes.increment();
    }

    long count() {
        return episodes.sum();
    }
}

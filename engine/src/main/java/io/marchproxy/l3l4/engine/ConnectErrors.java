package io.marchproxy.l3l4.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Errors that live traffic met at each backend. Any thread. */
final class ConnectErrors {
    private final Map<Integer, LongAdder> counts = new ConcurrentHashMap<>();

    void count(int backend) {
        counts.computeIfAbsent(backend, key -> new LongAdder()).increment();
    }

    long of(int backend) {
        LongAdder count = counts.get(backend);
        return count == null ? 0 : count.sum();
    }
}

package io.marchproxy.l3l4.engine.tcp;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often services had to stop accepting for a while. A service listens on every shard, and all of its listeners meet the
 * same want at once: that is told as one thing. Any thread.
 */
final class AcceptPauses {
    private final Map<String, Service> services = new ConcurrentHashMap<>();

    /** One service's pauses. */
    static final class Service {
        private final LongAdder episodes = new LongAdder();
        private int listeners;

        private Service() {}

        /** A listener's episode begins; true when it is the only one of its service. */
        synchronized boolean begun() {
            episodes.increment();
            return listeners++ == 0;
        }

        /** A listener's episode is over; true when it was the last of its service. */
        synchronized boolean ended() {
            return --listeners == 0;
        }
    }

    /** A service's pauses. Asked when a listener is made: once descriptors are short, no class can be loaded any more. */
    Service of(String service) {
        return services.computeIfAbsent(service, name -> new Service());
    }

    /** Episodes of a service's listeners since the start. */
    long count(String service) {
        Service known = services.get(service);
        return known == null ? 0 : known.episodes.sum();
    }
}

package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.value.HostPort;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Finds services that would be sent their own traffic for ever, by themselves or by one another. */
final class Loops {
    private final List<Bound> services;
    private final Faults faults;
    private final Map<Integer, List<Listener>> byPort = new HashMap<>();
    private final Map<Integer, List<Feed>> feeds = new TreeMap<>();

    private record Listener(int service, ListenAddress address) {}

    /** A backend of one service that is a listener of another, or of the same. */
    private record Feed(Bound backend, HostPort target, Listener to) {}

    Loops(List<Bound> services, Faults faults) {
        this.services = services;
        this.faults = faults;
    }

    void check() {
        for (int i = 0; i < services.size(); i++) {
            for (Placed<ListenAddress> listen : services.get(i).list(ServiceKeys.LISTEN)) {
                byPort.computeIfAbsent(listen.value().port(), port -> new ArrayList<>())
                        .add(new Listener(i, listen.value()));
            }
        }
        for (int i = 0; i < services.size(); i++) {
            for (Bound backend : services.get(i).groups(ServiceKeys.BACKENDS)) {
                HostPort target = backend.find(ServiceKeys.BACKEND_ADDRESS).orElse(null);
                if (target != null) {
                    addFeeds(i, backend, target);
                }
            }
        }
        feeds.forEach((from, all) -> {
            Set<Bound> told = new HashSet<>();
            for (Feed feed : all) {
                if (isLoop(from, feed) && told.add(feed.backend())) {
                    tell(from, feed);
                }
            }
        });
    }

    private void addFeeds(int from, Bound backend, HostPort target) {
        for (Listener listener : byPort.getOrDefault(target.port(), List.of())) {
            String host = listener.address().host();
            boolean local =
                    ListenOverlap.covers("localhost", target.host()) || ListenOverlap.covers(target.host(), host);
            if (local
                    && ListenOverlap.covers(host, target.host())
                    && speaks(from, listener.address().protocol())) {
                feeds.computeIfAbsent(from, service -> new ArrayList<>()).add(new Feed(backend, target, listener));
            }
        }
    }

    private boolean speaks(int service, Protocol protocol) {
        return services.get(service).list(ServiceKeys.LISTEN).stream()
                .anyMatch(listen -> listen.value().protocol() == protocol);
    }

    /** Of a loop among several services, what leads back up the file is told of. */
    private boolean isLoop(int from, Feed feed) {
        int to = feed.to().service();
        return from == to || (from > to && reaches(to, from, feed.to().address().protocol()));
    }

    private boolean reaches(int from, int to, Protocol protocol) {
        Set<Integer> seen = new HashSet<>(Set.of(from));
        Deque<Integer> ahead = new ArrayDeque<>(seen);
        while (!ahead.isEmpty()) {
            for (Feed feed : feeds.getOrDefault(ahead.remove(), List.of())) {
                Listener next = feed.to();
                if (next.address().protocol() == protocol && seen.add(next.service())) {
                    ahead.add(next.service());
                }
            }
        }
        return seen.contains(to);
    }

    private void tell(int from, Feed feed) {
        Listener to = feed.to();
        Bound service = services.get(to.service());
        String loop = to.service() == from
                ? " is the service's own listener " + to.address() + ": a loop"
                : " is the listener " + to.address() + " of " + service.path() + " ("
                        + service.origin().place() + "), whose backends lead back here: a loop";
        faults.add(
                feed.backend().origin(ServiceKeys.BACKEND_ADDRESS),
                feed.backend().path(ServiceKeys.BACKEND_ADDRESS),
                feed.target() + loop);
    }
}

package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.engine.health.HealthMonitor;
import io.marchproxy.l3l4.engine.health.ProbeTarget;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of its addresses each backend is reached by. A name such as {@code localhost} may have several of which the server
 * has one: while the backend is not healthy its addresses are tried in turn, and the one that answers stays, over reloads
 * too. Any thread.
 */
final class BackendAddresses {
    private static final Logger LOG = LoggerFactory.getLogger(BackendAddresses.class);

    private final BackendDirectory directory;
    private final HealthMonitor health;
    private final Map<Integer, Long> movedNs = new HashMap<>();
    private List<CompiledBackend> current = List.of();
    private CompiledSettings settings;

    /** Puts the first addresses into force; nothing is probed yet. */
    BackendAddresses(CompiledSettings settings, BackendDirectory directory, HealthMonitor health) {
        this.directory = directory;
        this.health = health;
        this.settings = settings;
        publish(settings);
    }

    /** Has new connections and sessions go to a configuration's backends; those that stay keep the address that they had. */
    synchronized void publish(CompiledSettings next) {
        Map<Integer, InetSocketAddress> before = new HashMap<>();
        current.forEach(
                backend -> before.put(backend.target().index(), backend.target().address()));
        current = next.backends().stream()
                .map(backend -> kept(backend, before.get(backend.target().index())))
                .toList();
        settings = next;
        movedNs.keySet()
                .retainAll(current.stream()
                        .map(backend -> backend.target().index())
                        .toList());
        directory.publish(settings.with(current).targets());
    }

    /** Has their health watched. */
    synchronized void watch() {
        health.watch(Probes.of(settings.with(current)));
    }

    /** The backends whose names may come to mean other addresses. */
    synchronized List<CompiledBackend> named() {
        return current.stream()
                .filter(backend -> NameResolver.isName(backend.settings().host()))
                .toList();
    }

    /** Takes over what names mean now. A backend whose address is no longer among them moves; one that a reload took away meanwhile is passed over. */
    synchronized void renew(List<CompiledBackend> looked) {
        Map<Integer, CompiledBackend> byNumber = new HashMap<>();
        looked.forEach(backend -> byNumber.put(backend.target().index(), backend));
        List<CompiledBackend> next = new ArrayList<>();
        boolean changed = false;
        boolean moved = false;
        for (CompiledBackend backend : current) {
            CompiledBackend found = byNumber.get(backend.target().index());
            // It may have been moved on while its name was looked up.
            CompiledBackend renewed = found == null ? backend : backend.reachedBy(found.addresses());
            boolean isMoved =
                    !renewed.target().address().equals(backend.target().address());
            if (isMoved) {
                LOG.info(
                        "backend {} of {} is at {} now, as its name says",
                        backend.target().id(),
                        backend.service().settings().name(),
                        HostPort.of(renewed.target().address()));
            }
            moved |= isMoved;
            changed |= !renewed.equals(backend);
            next.add(renewed);
        }
        if (changed) {
            current = List.copyOf(next);
        }
        if (moved) {
            directory.publish(settings.with(current).targets());
            watch();
        }
    }

    /** Moves backends on that are not healthy and have had their time at the address where they are. */
    synchronized void turn(long nowNs) {
        boolean moved = false;
        List<CompiledBackend> next = new ArrayList<>();
        for (CompiledBackend backend : current) {
            List<InetSocketAddress> addresses = backend.addresses();
            if (addresses.size() > 1 && isDue(Probes.of(backend), nowNs)) {
                moved = true;
                movedNs.put(backend.target().index(), nowNs);
                int at = addresses.indexOf(backend.target().address());
                CompiledBackend elsewhere = backend.at(addresses.get((at + 1) % addresses.size()));
                LOG.debug(
                        "backend {} is tried by {}",
                        Probes.of(backend).label(),
                        elsewhere.target().address());
                next.add(elsewhere);
            } else {
                next.add(backend);
            }
        }
        if (moved) {
            current = List.copyOf(next);
            directory.publish(settings.with(current).targets());
            watch();
        }
    }

    private boolean isDue(ProbeTarget probe, long nowNs) {
        HealthMonitor.Health state = health.health(probe.backend());
        if (state == null || state.healthy() || state.drained()) {
            return false;
        }
        Long sinceNs = movedNs.get(probe.backend());
        if (sinceNs == null) {
            return true;
        }
        if (!probe.probed()) {
            // It is back in use after each ejection, and only its traffic tells whether this address is better.
            return state.sinceNs() - sinceNs > 0;
        }
        long probesNs = (long) (probe.healthyAfter() + 1) * probe.intervalNs() + probe.timeoutNs();
        return nowNs - sinceNs > probesNs;
    }

    private static CompiledBackend kept(CompiledBackend backend, @Nullable InetSocketAddress former) {
        return former != null && backend.addresses().contains(former) ? backend.at(former) : backend;
    }
}

package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.HealthKeys;
import io.marchproxy.l3l4.config.schema.QosKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.tree.Quote;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds what is right by itself and wrong together. */
final class Contradictions {
    private final Bound root;
    private final List<Bound> services;
    private final Faults faults;

    Contradictions(Bound root, Faults faults) {
        this.root = root;
        this.services = root.groups(ServiceKeys.SERVICES);
        this.faults = faults;
    }

    void check() {
        if (services.isEmpty() && !root.unread(ServiceKeys.SERVICES)) {
            String remedy = root.origin() instanceof Origin.Line
                    ? "the file needs services"
                    : "give --backend HOST:PORT, or a file that has services";
            faults.add(root.origin(), "there is no service to run: " + remedy);
        }
        Map<String, Placed<String>> names = new LinkedHashMap<>();
        for (Bound service : services) {
            service.find(ServiceKeys.NAME)
                    .ifPresent(name -> unique(
                            names,
                            new Placed<>(name, service.path(ServiceKeys.NAME), service.origin(ServiceKeys.NAME)),
                            service.path()));
            checkBackends(service);
            checkConnect(service);
            checkBurst(service);
            checkEffect(service);
        }
        checkListeners();
        checkCodel();
        new Loops(services, faults).check();
        new RateSums(root, faults).check();
        new PoliceChecks(root, faults).check();
        checkRules(names);
    }

    /** Two may stand on one line, so the first is told by its path as well. */
    private void unique(Map<String, Placed<String>> seen, Placed<String> name, String owner) {
        Placed<String> first = seen.putIfAbsent(name.value(), new Placed<>(name.value(), owner, name.origin()));
        if (first != null) {
            faults.add(
                    name.origin(),
                    name.path(),
                    Quote.of(name.value()) + " is also the name of " + first.path() + " ("
                            + first.origin().place() + ")");
        }
    }

    private void checkBackends(Bound service) {
        List<Bound> backends = service.groups(ServiceKeys.BACKENDS);
        if (backends.isEmpty() && !service.mistaken() && !service.unread(ServiceKeys.BACKENDS)) {
            faults.add(service.origin(), service.path(ServiceKeys.BACKENDS), "the service has no backend");
        }
        Map<String, Placed<String>> ids = new LinkedHashMap<>();
        for (Bound backend : backends) {
            Optional<HostPort> address = backend.find(ServiceKeys.BACKEND_ADDRESS);
            address.map(HostPort::toString).ifPresent(id -> backend.settle(ServiceKeys.BACKEND_ID, id));
            Origin at = backend.origin(ServiceKeys.BACKEND_ID);
            Origin origin = at == Origin.Unwritten.DEFAULT ? backend.origin() : at;
            backend.find(ServiceKeys.BACKEND_ID)
                    .ifPresent(id -> unique(
                            ids, new Placed<>(id, backend.path(ServiceKeys.BACKEND_ID), origin), backend.path()));
        }
    }

    private void checkConnect(Bound service) {
        Bound connect = service.group(ServiceKeys.CONNECT);
        var timeout = connect.get(ServiceKeys.CONNECT_TIMEOUT);
        var total = connect.get(ServiceKeys.CONNECT_TOTAL);
        if (timeout.compareTo(total) > 0) {
            Origin at = connect.origin(ServiceKeys.CONNECT_TIMEOUT);
            String shown = ServiceKeys.CONNECT_TOTAL.type().write(total);
            faults.add(
                    at == Origin.Unwritten.DEFAULT ? connect.origin(ServiceKeys.CONNECT_TOTAL) : at,
                    connect.path(ServiceKeys.CONNECT_TIMEOUT),
                    "one try may take longer than all tries together (connect.total is " + shown
                            + "); raise total or lower timeout");
        }
    }

    private void checkCodel() {
        Bound codel = root.group(QosKeys.QOS).group(QosKeys.CODEL);
        var target = codel.get(QosKeys.CODEL_TARGET);
        var interval = codel.get(QosKeys.CODEL_INTERVAL);
        if (target.compareTo(interval) > 0) {
            Origin at = codel.origin(QosKeys.CODEL_TARGET);
            faults.add(
                    at == Origin.Unwritten.DEFAULT ? codel.origin(QosKeys.CODEL_INTERVAL) : at,
                    codel.path(QosKeys.CODEL_TARGET),
                    "is longer than codel.interval ("
                            + QosKeys.CODEL_INTERVAL.type().write(interval)
                            + "); about a twentieth of it is usual");
        }
    }

    private void checkBurst(Bound service) {
        Bound rate = service.group(ServiceKeys.RATE);
        boolean limited = Stream.of(ServiceKeys.RATE_TO_BACKEND, ServiceKeys.RATE_TO_CLIENT)
                .anyMatch(key -> rate.find(key).isPresent() || rate.origin(key) != Origin.Unwritten.DEFAULT);
        if (!limited) {
            service.changed(ServiceKeys.BURST)
                    .ifPresent(origin -> faults.add(
                            origin,
                            service.path(ServiceKeys.BURST),
                            "has no effect: the service has no rate; give it one or remove the key"));
        }
    }

    /** What would have no effect is refused: its writer expects one. */
    private void checkEffect(Bound service) {
        List<Placed<ListenAddress>> listen = service.list(ServiceKeys.LISTEN);
        if (!listen.isEmpty()) {
            checkEffect(service, listen, Protocol.TCP, ServiceKeys.ONLY_TCP);
            checkEffect(service, listen, Protocol.UDP, ServiceKeys.ONLY_UDP);
            new ProbeChecks(service.group(HealthKeys.HEALTH), listen, faults).check();
        }
    }

    private void checkEffect(Bound service, List<Placed<ListenAddress>> listen, Protocol protocol, List<Field> keys) {
        if (listen.stream().anyMatch(address -> address.value().protocol() == protocol)) {
            return;
        }
        boolean takesPackets =
                listen.stream().anyMatch(address -> address.value().protocol() == Protocol.IP);
        for (Field key : keys) {
            if (takesPackets && key.equals(ServiceKeys.IDLE_TIMEOUT)) {
                continue;
            }
            service.changed(key)
                    .ifPresent(origin -> faults.add(
                            origin,
                            service.path(key),
                            "has no effect: the service has no " + protocol.label() + ":// listener; remove the key"));
        }
    }

    private void checkListeners() {
        List<Placed<ListenAddress>> taken = new ArrayList<>();
        Bound admin = root.group(Catalogue.ADMIN);
        taken.add(new Placed<>(
                new ListenAddress(Protocol.TCP, admin.get(Catalogue.ADMIN_ADDRESS), admin.get(Catalogue.ADMIN_PORT)),
                "admin",
                admin.origin(Catalogue.ADMIN_PORT)));
        for (Bound service : services) {
            for (Placed<ListenAddress> listen : service.list(ServiceKeys.LISTEN)) {
                for (Placed<ListenAddress> other : taken) {
                    if (ListenOverlap.overlap(listen.value(), other.value())) {
                        String whose = other.path().equals("admin") ? "the admin server's " : "";
                        faults.add(
                                listen.origin(),
                                listen.path(),
                                listen.value() + " overlaps " + whose + other.value() + " ("
                                        + other.origin().place() + ")");
                        break;
                    }
                }
                taken.add(listen);
            }
        }
    }

    private void checkRules(Map<String, Placed<String>> names) {
        List<Bound> rules = root.group(QosKeys.QOS).groups(QosKeys.RULES);
        if (rules.size() > QosSettings.MOST_RULES) {
            faults.add(
                    rules.getLast().origin(),
                    "qos.rules",
                    "are " + rules.size() + ", and may be " + QosSettings.MOST_RULES + " at the most");
        }
        for (Bound rule : rules) {
            Bound match = rule.group(QosKeys.MATCH);
            match.find(QosKeys.MATCH_LENGTH)
                    .filter(length -> match.find(QosKeys.MATCH_PROTOCOL).equals(Optional.of(Protocol.TCP)))
                    .ifPresent(length -> faults.add(
                            match.origin(QosKeys.MATCH_LENGTH),
                            match.path(QosKeys.MATCH_LENGTH),
                            "is of datagrams, and match.protocol is tcp: no packet would match"));
            match.find(QosKeys.MATCH_SERVICE)
                    .filter(name -> !names.containsKey(name))
                    .ifPresent(name -> {
                        String near = Nearest.of(name, names.keySet());
                        String hint = near == null ? "" : "; did you mean " + near + "?";
                        faults.add(
                                match.origin(QosKeys.MATCH_SERVICE),
                                match.path(QosKeys.MATCH_SERVICE),
                                Quote.of(name) + " is the name of no service" + hint);
                    });
            var source = match.find(QosKeys.MATCH_SOURCE);
            var destination = match.find(QosKeys.MATCH_DESTINATION);
            if (source.isPresent()
                    && destination.isPresent()
                    && source.get().network().getAddress().length
                            != destination.get().network().getAddress().length) {
                faults.add(
                        match.origin(QosKeys.MATCH_DESTINATION),
                        match.path(QosKeys.MATCH_DESTINATION),
                        "is of another address family than source: no packet would match");
            }
        }
    }
}

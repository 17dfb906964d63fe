package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.QosKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Action;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Kind;
import io.marchproxy.l3l4.config.settings.Protocol;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds policing that contradicts itself, or that would drop bytes out of TCP streams, whose ends would never get them. */
final class PoliceChecks {
    private final Bound qos;
    private final List<Bound> services;
    private final Faults faults;

    PoliceChecks(Bound root, Faults faults) {
        this.qos = root.group(QosKeys.QOS);
        this.services = root.groups(ServiceKeys.SERVICES);
        this.faults = faults;
    }

    void check() {
        for (Bound rule : qos.groups(QosKeys.RULES)) {
            rule.findGroup(QosKeys.POLICE).filter(police -> !police.mistaken()).ifPresent(police -> {
                checkRates(police);
                checkStreams(rule, police);
            });
        }
    }

    private void checkRates(Bound police) {
        boolean hasPeak = police.find(QosKeys.POLICE_PEAK_RATE).isPresent();
        boolean hasExcess = police.find(QosKeys.POLICE_EXCESS_BURST).isPresent();
        long rate = police.find(QosKeys.POLICE_RATE).orElse(0L);
        police.find(QosKeys.POLICE_PEAK_RATE)
                .filter(peak -> peak < rate)
                .ifPresent(peak -> add(
                        police,
                        QosKeys.POLICE_PEAK_RATE,
                        "is less than " + police.path(QosKeys.POLICE_RATE) + ", "
                                + QosKeys.POLICE_RATE.type().write(rate)));
        if (hasPeak && hasExcess) {
            add(
                    police,
                    QosKeys.POLICE_EXCESS_BURST,
                    "has no effect beside peak-rate: that says what exceeds; remove one of them");
        }
        if (!hasPeak && police.find(QosKeys.POLICE_PEAK_BURST).isPresent()) {
            add(police, QosKeys.POLICE_PEAK_BURST, "has no effect: there is no peak-rate");
        }
        Optional<Action> violate = police.find(QosKeys.POLICE_VIOLATE);
        if (violate.isPresent() && !hasPeak && !hasExcess) {
            add(
                    police,
                    QosKeys.POLICE_VIOLATE,
                    "has no effect: without excess-burst and peak-rate nothing violates; say it of exceed");
        } else if (violate.isPresent()
                && violate.get().kind() != Kind.DROP
                && police.get(QosKeys.POLICE_EXCEED).kind() == Kind.DROP) {
            add(police, QosKeys.POLICE_VIOLATE, "lets go on what exceed drops, which is the lesser offence");
        }
    }

    /** Tells where a rule drops, and would match streams as well as datagrams: it leaves the streams alone. */
    void warn() {
        for (Bound rule : qos.groups(QosKeys.RULES)) {
            Bound match = rule.group(QosKeys.MATCH);
            rule.findGroup(QosKeys.POLICE)
                    .filter(police -> dropsBy(police).isPresent())
                    .filter(police -> mayMatch(match, Protocol.TCP) && mayMatch(match, Protocol.UDP))
                    .ifPresent(
                            police -> faults.add(
                                    police.origin(),
                                    police.path(),
                                    "has no effect on TCP, out of whose streams nothing can be dropped: match protocol udp to say so"));
        }
    }

    private void checkStreams(Bound rule, Bound police) {
        Bound match = rule.group(QosKeys.MATCH);
        if (mayMatch(match, Protocol.TCP) && !mayMatch(match, Protocol.UDP)) {
            dropsBy(police)
                    .ifPresent(key -> faults.add(
                            police.find(key).isPresent() && police.changed(key).isPresent()
                                    ? police.origin(key)
                                    : police.origin(),
                            police.path(key),
                            "would drop bytes out of TCP streams, and nothing else matches: say pass or remark,"
                                    + " and hold TCP to a rate with services[].rate, client-rate or connection-rate"));
        }
    }

    /** The key by which a policer drops, if it does. */
    private static Optional<Key<Action>> dropsBy(Bound police) {
        boolean threeColors = police.find(QosKeys.POLICE_PEAK_RATE).isPresent()
                || police.find(QosKeys.POLICE_EXCESS_BURST).isPresent();
        return Stream.of(QosKeys.POLICE_CONFORM, QosKeys.POLICE_EXCEED, QosKeys.POLICE_VIOLATE)
                .limit(threeColors ? 3 : 2)
                .filter(key -> !police.misread(key))
                .filter(key -> police.find(key)
                        .map(action -> action.kind() == Kind.DROP)
                        .orElse(police.origin(key) == Origin.Unwritten.DEFAULT))
                .findFirst();
    }

    private boolean mayMatch(Bound match, Protocol protocol) {
        return match.find(QosKeys.MATCH_PROTOCOL).orElse(protocol) == protocol
                && (protocol == Protocol.UDP || match.find(QosKeys.MATCH_LENGTH).isEmpty())
                && services.stream()
                        .filter(service -> match.find(QosKeys.MATCH_SERVICE)
                                .map(name -> service.find(ServiceKeys.NAME).equals(Optional.of(name)))
                                .orElse(true))
                        .flatMap(service -> service.list(ServiceKeys.LISTEN).stream())
                        .anyMatch(listen -> listen.value().protocol() == protocol);
    }

    private void add(Bound police, Key<?> key, String message) {
        faults.add(police.origin(key), police.path(key), message);
    }
}

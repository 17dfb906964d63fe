package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.QosKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Finds guarantees that could not be kept. A packet counts for its service and for its class, but whether those are the same packets
 * is not known before they come: so all guarantees together, of classes and of services, must fit into the link.
 */
final class RateSums {
    private final Bound qos;
    private final List<Bound> services;
    private final Faults faults;

    private final List<Guaranteed> guarantees = new ArrayList<>();

    /** A guarantee, and what has it, such as {@code P0} or {@code web}; a service may be called as a class is. */
    private record Guaranteed(String name, long rate) {}

    RateSums(Bound root, Faults faults) {
        this.qos = root.group(QosKeys.QOS);
        this.services = root.groups(ServiceKeys.SERVICES);
        this.faults = faults;
    }

    void check() {
        Bound classes = qos.group(QosKeys.CLASS_GROUP);
        for (QosKeys.ClassKeys keys : QosKeys.CLASSES) {
            Bound one = classes.group(keys.group());
            checkCeiling(one, keys.guarantee(), one, keys.ceiling());
            take(keys.group().name(), one, keys.guarantee());
        }
        for (Bound service : services) {
            Bound rate = service.group(ServiceKeys.RATE);
            checkCeiling(service, ServiceKeys.GUARANTEE, rate, ServiceKeys.RATE_TO_BACKEND);
            // One rate for both is one fault; two that are written alike are two.
            if (!rate.single()) {
                checkCeiling(service, ServiceKeys.GUARANTEE, rate, ServiceKeys.RATE_TO_CLIENT);
            }
            checkReached(service, ServiceKeys.CLIENT_RATE, rate);
            checkReached(service, ServiceKeys.CONNECTION_RATE, rate);
            checkReached(service, ServiceKeys.CONNECTION_RATE, service.group(ServiceKeys.CLIENT_RATE));
            take(service.find(ServiceKeys.NAME).orElse(service.path()), service, ServiceKeys.GUARANTEE);
        }
        checkSum();
    }

    private void checkCeiling(Bound section, Key<Long> guarantee, Bound limits, Key<Long> ceiling) {
        long wanted = section.find(guarantee).orElse(0L);
        long most = limits.find(ceiling).orElse(Long.MAX_VALUE);
        if (wanted > most) {
            faults.add(
                    section.origin(guarantee),
                    section.path(guarantee),
                    "is more than " + limits.path(ceiling) + ", "
                            + ceiling.type().write(most));
        }
    }

    /** A ceiling of one of many that is above that of all together would never be reached. */
    private void checkReached(Bound service, Group ofEach, Bound ofAll) {
        Bound each = service.group(ofEach);
        for (Key<Long> key : List.of(ServiceKeys.RATE_TO_BACKEND, ServiceKeys.RATE_TO_CLIENT)) {
            long one = each.find(key).orElse(0L);
            long all = ofAll.find(key).orElse(Long.MAX_VALUE);
            if (one > all) {
                faults.add(
                        each.origin(key),
                        each.path(key),
                        "is more than " + ofAll.path(key) + ", " + key.type().write(all) + ", and so never reached");
                if (each.single()) {
                    return;
                }
            }
        }
    }

    private void take(String name, Bound section, Key<Long> guarantee) {
        section.find(guarantee).ifPresent(rate -> {
            guarantees.add(new Guaranteed(name, rate));
            if (qos.origin(QosKeys.LINK_RATE) == Origin.Unwritten.DEFAULT && !qos.mistaken()) {
                faults.add(
                        section.origin(guarantee),
                        section.path(guarantee),
                        "is a part of qos.link-rate, which is not set: say what the link carries");
            }
        });
    }

    private void checkSum() {
        long link = qos.find(QosKeys.LINK_RATE).orElse(Long.MAX_VALUE);
        long sum = guarantees.stream().mapToLong(Guaranteed::rate).sum();
        if (sum > link) {
            String parts = guarantees.stream()
                    .map(one -> one.name() + " " + QosKeys.LINK_RATE.type().write(one.rate()))
                    .collect(Collectors.joining(" + "));
            faults.add(
                    qos.origin(QosKeys.LINK_RATE),
                    qos.path(QosKeys.LINK_RATE),
                    "is " + QosKeys.LINK_RATE.type().write(link) + ", but guaranteed are "
                            + QosKeys.LINK_RATE.type().write(sum) + ": " + parts);
        }
    }
}

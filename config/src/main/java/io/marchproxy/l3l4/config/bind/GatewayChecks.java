package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.source.ConfigContent;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.Values;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads which gateways have which prefixes, the files that say so included, and finds what is wrong with it. */
final class GatewayChecks {
    private final List<Bound> services;
    private final Faults faults;

    GatewayChecks(Bound root, Faults faults) {
        this.services = root.groups(ServiceKeys.SERVICES);
        this.faults = faults;
    }

    void check() {
        Placed<ListenAddress> first = null;
        for (Bound service : services) {
            List<Placed<ListenAddress>> listen = service.list(ServiceKeys.LISTEN);
            Placed<ListenAddress> packets = listen.stream()
                    .filter(one -> one.value().protocol() == Protocol.IP)
                    .findFirst()
                    .orElse(null);
            if (packets == null) {
                if (!listen.isEmpty()) {
                    refusePrefixes(service);
                }
                if (!listen.isEmpty() || !hasPrefixes(service)) {
                    requirePorts(service);
                }
                continue;
            }
            if (listen.size() > 1) {
                faults.add(packets.origin(), packets.path(), "stands alone: a service takes packets whole, or relays");
            } else if (first != null) {
                faults.add(
                        packets.origin(),
                        packets.path(),
                        "is also what " + first.path() + " takes ("
                                + first.origin().place() + ")");
            }
            first = first == null ? packets : first;
            read(service);
        }
    }

    /** Of a service that relays: what only gateways have is refused, since its writer expects something of it. */
    private void refusePrefixes(Bound service) {
        String remedy = "has no effect: the service does not listen on ip://*; remove the key";
        service.changed(ServiceKeys.PREFIX_FILE)
                .ifPresent(origin -> faults.add(origin, service.path(ServiceKeys.PREFIX_FILE), remedy));
        for (Bound backend : service.groups(ServiceKeys.BACKENDS)) {
            backend.list(ServiceKeys.PREFIXES).stream()
                    .findFirst()
                    .ifPresent(one -> faults.add(one.origin(), backend.path(ServiceKeys.PREFIXES), remedy));
        }
    }

    /** Whether it was meant to take packets, wherever it listens: what it says of that can't be read. */
    private static boolean hasPrefixes(Bound service) {
        return service.find(ServiceKeys.PREFIX_FILE).isPresent()
                || service.groups(ServiceKeys.BACKENDS).stream()
                        .anyMatch(backend -> !backend.list(ServiceKeys.PREFIXES).isEmpty());
    }

    private void requirePorts(Bound service) {
        for (Bound backend : service.groups(ServiceKeys.BACKENDS)) {
            backend.find(ServiceKeys.BACKEND_ADDRESS)
                    .filter(address -> address.port() == 0)
                    .ifPresent(address -> tellOfPort(backend, address));
        }
    }

    /** Does not repeat the address, which may have come from the environment. */
    private void tellOfPort(Bound backend, HostPort address) {
        try {
            Values.HOST_PORT.read(address.host());
        } catch (BadValueException e) {
            faults.add(
                    backend.origin(ServiceKeys.BACKEND_ADDRESS),
                    backend.path(ServiceKeys.BACKEND_ADDRESS),
                    e.problem());
        }
    }

    private void read(Bound service) {
        PrefixRows rows = new PrefixRows();
        Map<String, Integer> gateways = new LinkedHashMap<>();
        List<Placed<IpPrefix>> written = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (Bound backend : service.groups(ServiceKeys.BACKENDS)) {
            int gateway = ids.size();
            ids.add(backend.find(ServiceKeys.BACKEND_ID).orElse(""));
            gateways.putIfAbsent(ids.getLast(), gateway);
            for (Placed<IpPrefix> prefix : backend.list(ServiceKeys.PREFIXES)) {
                ByteBuffer address = ByteBuffer.wrap(prefix.value().network().getAddress());
                boolean isV4 = address.remaining() == Integer.BYTES;
                rows.add(
                        isV4,
                        isV4 ? (long) address.getInt() << Integer.SIZE : address.getLong(),
                        isV4 ? 0 : address.getLong(),
                        prefix.value().length(),
                        gateway,
                        ~written.size());
                written.add(prefix);
            }
        }
        String file = file(service);
        String digest = file.isEmpty() ? "" : read(service, file, gateways, rows);
        rows.sort(at -> faults.add(
                origin(rows.place(at), file, written),
                path(rows.place(at), written),
                rows.text(at) + " leads to " + ids.get(rows.gateway(at)) + " already: "
                        + origin(rows.place(at - 1), file, written).place()));
        countSets(service, rows);
        service.prefixes(rows.prefixes(digest));
    }

    private static Origin origin(int place, String file, List<Placed<IpPrefix>> written) {
        return place < 0 ? written.get(~place).origin() : new Origin.Row(file, place);
    }

    private static String path(int place, List<Placed<IpPrefix>> written) {
        return place < 0 ? written.get(~place).path() : "";
    }

    /** The file of a service's prefixes, beside the one that names it; empty for none. */
    private static String file(Bound service) {
        Path named = service.find(ServiceKeys.PREFIX_FILE).orElse(null);
        if (named == null) {
            return "";
        }
        return service.origin(ServiceKeys.PREFIX_FILE) instanceof Origin.Line line
                ? Path.of(line.file()).resolveSibling(named).toString()
                : named.toString();
    }

    /** Reads a file; gives its digest. */
    private String read(Bound service, String file, Map<String, Integer> gateways, PrefixRows rows) {
        ConfigContent content = ConfigContent.readTable(Path.of(file));
        if (content.problem().isPresent()) {
            faults.add(
                    service.origin(ServiceKeys.PREFIX_FILE),
                    service.path(ServiceKeys.PREFIX_FILE),
                    content.problem().get());
            return "";
        }
        int before = rows.size();
        Faults ofFile = new Faults();
        new PrefixFile(file, content.bytes(), gateways, rows, ofFile).read();
        if (ofFile.isEmpty() && rows.size() == before) {
            faults.add(
                    service.origin(ServiceKeys.PREFIX_FILE),
                    service.path(ServiceKeys.PREFIX_FILE),
                    "holds no prefix; its lines are PREFIX ID");
        }
        ofFile.sorted().forEach(fault -> faults.add(fault.origin(), fault.message()));
        return content.digest();
    }

    /** Each set of gateways that share a prefix has its own turns and its own table: there are not to be thousands. */
    private void countSets(Bound service, PrefixRows rows) {
        Set<List<Integer>> sets = new HashSet<>();
        List<Integer> set = new ArrayList<>();
        for (int i = 0; i < rows.size() && sets.size() <= GatewayPrefixes.MOST_SETS; i++) {
            if (i > 0 && !rows.isSamePrefix(i)) {
                set.clear();
            }
            set.add(rows.gateway(i));
            boolean isLast = i + 1 == rows.size() || !rows.isSamePrefix(i + 1);
            if (isLast && set.size() > 1) {
                sets.add(List.copyOf(set));
            }
        }
        if (sets.size() > GatewayPrefixes.MOST_SETS) {
            faults.add(
                    service.origin(),
                    service.path(ServiceKeys.BACKENDS),
                    "share prefixes in more than " + GatewayPrefixes.MOST_SETS
                            + " different combinations; give prefixes to the same groups of gateways");
        }
    }
}

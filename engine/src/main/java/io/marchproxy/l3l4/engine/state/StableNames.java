package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a process and the stable ids of the same services and backends. Immutable; numbers are never given to another, so
 * a later one knows all that an earlier one knew.
 */
final class StableNames {
    private final long[] services;
    private final long[] backends;
    private final Map<Long, String> names;
    private final Map<Long, CompiledService> udpServices = new HashMap<>();
    private final Map<Long, Integer> udpBackends = new HashMap<>();

    private StableNames(long[] services, long[] backends, Map<Long, String> names) {
        this.services = services;
        this.backends = backends;
        this.names = names;
    }

    /** What a configuration names, and what one before it did. */
    static StableNames of(CompiledSettings settings, @Nullable StableNames before) {
        Map<Long, String> names = new LinkedHashMap<>(before == null ? Map.of() : before.names);
        List<CompiledService> numbered = settings.services();
        long[] services = Arrays.copyOf(before == null ? new long[0] : before.services, numbered.size());
        for (CompiledService service : numbered) {
            String name = service.settings().name();
            services[service.id()] = StableIds.service(name);
            names.put(services[service.id()], "service " + name);
        }
        int highest = settings.backends().stream()
                .mapToInt(backend -> backend.target().index())
                .max()
                .orElse(-1);
        long[] known = before == null ? new long[0] : before.backends;
        long[] backends = Arrays.copyOf(known, Math.max(known.length, highest + 1));
        StableNames result = new StableNames(services, backends, names);
        settings.backends().forEach(result::add);
        numbered.stream()
                .filter(service -> service.active() && service.protocolLabel().equals("udp"))
                .forEach(service -> result.udpServices.put(services[service.id()], service));
        return result;
    }

    private void add(CompiledBackend backend) {
        String service = backend.service().settings().name();
        String id = backend.target().id();
        int index = backend.target().index();
        backends[index] = StableIds.backend(service, id);
        names.put(backends[index], "backend " + service + "/" + id);
        if (backend.service().protocolLabel().equals("udp")) {
            udpBackends.put(backends[index], index);
        }
    }

    /** A service's id; {@link StableIds#NONE} when the number is not known. */
    long service(int number) {
        return number < services.length ? services[number] : StableIds.NONE;
    }

    /** A backend's id; {@link StableIds#NONE} when the number is not known. */
    long backend(int number) {
        return number >= 0 && number < backends.length ? backends[number] : StableIds.NONE;
    }

    /** The service that has UDP sessions under an id, in the present configuration. */
    @Nullable
    CompiledService udpService(long id) {
        return udpServices.get(id);
    }

    /** The number of a UDP service's backend; −1 when it is not configured any more. */
    int udpBackend(long id) {
        return udpBackends.getOrDefault(id, -1);
    }

    /** One line for each: the id in hex, what it is, and its name. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        names.forEach((id, name) -> lines.add("%016x %s".formatted(id, name.replaceAll("\\p{Cntrl}", "?"))));
        return lines;
    }
}

package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Where what was recorded would have come to under the candidate. A packet comes to the service that listens where it came in;
 * when none does, to the service of the same name, whose clients are taken to follow it.
 *
 * <p>The candidate has the numbers of the snapshot that the session began with; what a reload added later is found by name.
 */
final class Translation {
    private static final String WILDCARD_V4 = "0.0.0.0";
    private static final String WILDCARD = "0:0:0:0:0:0:0:0";
    private static final int NOBODY = -1;

    private record ServiceName(String name, int protocol) {}

    private record BackendName(int service, String id) {}

    private final PipelineSettings candidate;
    private final int begunServices;
    private final int begunBackends;
    private final Map<ServiceName, Integer> services = new HashMap<>();
    private final Map<BackendName, Integer> backends = new HashMap<>();

    // By recorded number: flat, since every packet asks.
    private int[] serviceByNumber = {};
    private int[] capByNumber = {};
    private int[] backendByNumber = {};
    private int[] serviceByListener = {};
    private int[] ownerByListener = {};

    /**
     * A translation for one session.
     *
     * @param recorded the snapshot that it began with
     * @param candidate compiled onto the numbers of that
     */
    Translation(PipelineSettings recorded, PipelineSettings candidate) {
        this.candidate = candidate;
        begunServices = recorded.classify().services().size();
        begunBackends = backendNumbers(recorded);
        for (ServiceProfile service : candidate.classify().services()) {
            services.put(new ServiceName(service.name(), service.protocol()), service.id());
        }
        for (Names.Backend backend : candidate.names().backends()) {
            backends.put(new BackendName(backend.service(), backend.id()), backend.number());
        }
        take(recorded);
    }

    private static int backendNumbers(PipelineSettings settings) {
        int count = 0;
        for (BackendPool pool : settings.route().pools()) {
            for (int backend : pool.backends()) {
                count = Math.max(count, backend + 1);
            }
        }
        for (Names.Backend backend : settings.names().backends()) {
            count = Math.max(count, backend.number() + 1);
        }
        return count;
    }

    /** Takes in a snapshot that came into force in the recording. */
    void take(PipelineSettings recorded) {
        for (ServiceProfile service : recorded.classify().services()) {
            int id = service.id();
            serviceByNumber = room(serviceByNumber, id);
            capByNumber = room(capByNumber, id);
            serviceByNumber[id] = id < begunServices
                    ? id
                    : services.getOrDefault(new ServiceName(service.name(), service.protocol()), nowhere());
            capByNumber[id] = service.sessionCap();
        }
        for (Names.Backend backend : recorded.names().backends()) {
            int number = backend.number();
            backendByNumber = room(backendByNumber, number);
            backendByNumber[number] = backends.getOrDefault(
                    new BackendName(serviceByNumber[backend.service()], backend.id()), PacketDescriptor.NO_BACKEND);
        }
        for (Names.Listener listener : recorded.names().listeners()) {
            int number = listener.number();
            serviceByListener = room(serviceByListener, number);
            ownerByListener = room(ownerByListener, number);
            int owner = listener.service();
            ownerByListener[number] = owner;
            serviceByListener[number] = listening(
                    listener, recorded.classify().services().get(owner).protocol());
        }
    }

    private static int[] room(int[] numbers, int index) {
        if (index < numbers.length) {
            return numbers;
        }
        int[] more = Arrays.copyOf(numbers, index + 1);
        Arrays.fill(more, numbers.length, more.length, NOBODY);
        return more;
    }

    /** The candidate's service that takes what comes in at an address. */
    private int listening(Names.Listener recorded, int protocol) {
        int byWildcard = NOBODY;
        for (Names.Listener listener : candidate.names().listeners()) {
            if (candidate.classify().services().get(listener.service()).protocol() == protocol) {
                if (recorded.isAt(listener)) {
                    return listener.service();
                }
                if (recorded.port() != 0 && recorded.port() == listener.port() && covers(listener, recorded)) {
                    byWildcard = listener.service();
                }
            }
        }
        return byWildcard;
    }

    private static boolean covers(Names.Listener listener, Names.Listener address) {
        return listener.host().equals(WILDCARD)
                || (listener.host().equals(WILDCARD_V4) && !address.host().contains(":"));
    }

    /** A number that no service of the candidate has. */
    private int nowhere() {
        return candidate.classify().services().size();
    }

    /** The service that takes a packet; one that is not there, or not any more, when none does. */
    int service(int recorded, int listener) {
        if (listener < serviceByListener.length
                && ownerByListener[listener] == recorded
                && serviceByListener[listener] != NOBODY) {
            return serviceByListener[listener];
        }
        return service(recorded);
    }

    /** The service that stands in a recorded one's place. */
    int service(int recorded) {
        return recorded < serviceByNumber.length && serviceByNumber[recorded] != NOBODY
                ? serviceByNumber[recorded]
                : nowhere();
    }

    /** The backend that stands in a recorded one's place, or {@code NO_BACKEND}. */
    int backend(int recorded) {
        if (recorded < begunBackends) {
            return recorded;
        }
        return recorded < backendByNumber.length ? backendByNumber[recorded] : PacketDescriptor.NO_BACKEND;
    }

    /** A shard's share of a service's session cap: as large a part of the candidate's cap as it was of the recorded one. */
    long share(int recorded, long sessions) {
        int service = service(recorded);
        if (service == nowhere() || recorded >= capByNumber.length) {
            return sessions;
        }
        int before = capByNumber[recorded];
        int after = candidate.classify().services().get(service).sessionCap();
        return before == after || before <= 0 ? sessions : (long) ((double) sessions * after / before);
    }

    /** Whether a service of the candidate stands in no recorded one's place. */
    boolean isNew(int service) {
        return service >= begunServices;
    }
}

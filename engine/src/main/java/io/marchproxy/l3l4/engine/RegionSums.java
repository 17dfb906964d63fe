package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was exchanged with each provider's regions since the start, in sums that never sink: what a backend adds stays with the region in
 * which the backend was then, also when a reload takes it away or says that it is elsewhere. A backend that was taken away is read
 * on, since its connections live on.
 *
 * <p>Bounded: one line for each number that a backend ever had, as in the shards, and {@link #REGIONS_AT_MOST} regions. Any thread.
 */
final class RegionSums {
    /** Beyond so many, what is new goes together, by provider. */
    static final int REGIONS_AT_MOST = 4_096;

    /** What those are called; no region can have this name. */
    static final String OTHERS = "(others)";

    /** A provider's region. */
    record Place(BackendSettings.Provider provider, String region) {}

    /** What a backend has exchanged so far, or a region's have. */
    record Exchanged(long bytesToBackend, long bytesToClient, double cost) {
        private static final Exchanged NOTHING = new Exchanged(0, 0, 0);

        private Exchanged plus(Exchanged now, Exchanged before) {
            return new Exchanged(
                    bytesToBackend + now.bytesToBackend - before.bytesToBackend,
                    bytesToClient + now.bytesToClient - before.bytesToClient,
                    cost + now.cost - before.cost);
        }
    }

    /** A region as it stands. */
    record Region(Place place, long flows, Exchanged exchanged) {}

    /** Where figures are read. */
    interface Source {
        /** Flows at present of the backend with a number. */
        long flows(int backend);

        /** What it has exchanged since the start. */
        Exchanged exchanged(int backend);
    }

    private static final class Known {
        private Place place;
        private Exchanged last = Exchanged.NOTHING;

        private Known(Place place) {
            this.place = place;
        }
    }

    private final Source source;
    private final Map<Integer, Known> backends = new HashMap<>();
    private final Map<Place, Exchanged> sums = new LinkedHashMap<>();

    RegionSums(Source source) {
        this.source = source;
    }

    /**
     * Reads all regions.
     *
     * @param configured by number, where the backends are that are configured now
     */
    synchronized List<Region> read(Map<Integer, Place> configured) {
        backends.forEach(this::add);
        configured.forEach((number, named) -> {
            Place place = placeOf(named);
            Known known = backends.get(number);
            if (known == null) {
                Known fresh = new Known(place);
                backends.put(number, fresh);
                add(number, fresh);
            } else {
                known.place = place;
            }
        });
        Map<Place, Long> flows = new HashMap<>();
        backends.forEach((number, known) -> flows.merge(known.place, source.flows(number), Long::sum));
        return sums.entrySet().stream()
                .map(sum -> new Region(sum.getKey(), flows.getOrDefault(sum.getKey(), 0L), sum.getValue()))
                .toList();
    }

    private Place placeOf(Place named) {
        Place place =
                sums.containsKey(named) || sums.size() < REGIONS_AT_MOST ? named : new Place(named.provider(), OTHERS);
        sums.putIfAbsent(place, Exchanged.NOTHING);
        return place;
    }

    private void add(int number, Known known) {
        Exchanged now = source.exchanged(number);
        Exchanged before = sums.getOrDefault(known.place, Exchanged.NOTHING);
        sums.put(known.place, before.plus(now, known.last));
        known.last = now;
    }
}

package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RegionSumsTest {
    private static final RegionSums.Place EAST = new RegionSums.Place(BackendSettings.Provider.AWS, "us-east-1");
    private static final RegionSums.Place WEST = new RegionSums.Place(BackendSettings.Provider.AWS, "us-west-1");

    /** By backend: bytes in either direction, each for a unit of money, and a flow. */
    private final Map<Integer, Long> bytes = new HashMap<>();

    private final RegionSums sums = new RegionSums(new RegionSums.Source() {
        @Override
        public long flows(int backend) {
            return 1;
        }

        @Override
        public RegionSums.Exchanged exchanged(int backend) {
            long all = bytes.getOrDefault(backend, 0L);
            return new RegionSums.Exchanged(all, all, all);
        }
    });

    private static RegionSums.Region region(RegionSums.Place place, long flows, long bytes) {
        return new RegionSums.Region(place, flows, new RegionSums.Exchanged(bytes, bytes, bytes));
    }

    @Test
    void shouldKeepWhatABackendAddedThatIsGoneAndWhatItsConnectionsStillAdd() {
        bytes.put(0, 100L);
        bytes.put(1, 7L);
        assertEquals(List.of(region(EAST, 2, 107)), sums.read(Map.of(0, EAST, 1, EAST)));
        assertEquals(List.of(region(EAST, 2, 107)), sums.read(Map.of(1, EAST)));
        bytes.put(0, 150L);
        assertEquals(List.of(region(EAST, 2, 157)), sums.read(Map.of()));
    }

    @Test
    void shouldCountABackendThatReturnsOnce() {
        bytes.put(0, 100L);
        sums.read(Map.of(0, EAST));
        sums.read(Map.of());
        bytes.put(0, 130L);
        assertEquals(List.of(region(EAST, 1, 130)), sums.read(Map.of(0, EAST)));
    }

    @Test
    void shouldLeaveWithARegionWhatWasExchangedWhileTheBackendWasThere() {
        bytes.put(0, 100L);
        sums.read(Map.of(0, EAST));
        bytes.put(0, 110L);
        assertEquals(List.of(region(EAST, 0, 110), region(WEST, 1, 0)), sums.read(Map.of(0, WEST)));
        bytes.put(0, 115L);
        assertEquals(List.of(region(EAST, 0, 110), region(WEST, 1, 5)), sums.read(Map.of(0, WEST)));
    }

    @Test
    void shouldPutTogetherWhatIsBeyondItsBound() {
        bytes.put(0, 3L);
        bytes.put(1, 4L);
        for (int i = 0; i < RegionSums.REGIONS_AT_MOST; i++) {
            sums.read(Map.of(0, new RegionSums.Place(BackendSettings.Provider.ONPREM, "cellar " + i)));
        }
        sums.read(Map.of(1, EAST));
        List<RegionSums.Region> all = sums.read(Map.of(1, WEST));

        assertEquals(RegionSums.REGIONS_AT_MOST + 1, all.size());
        assertEquals(
                region(new RegionSums.Place(BackendSettings.Provider.AWS, RegionSums.OTHERS), 1, 4), all.getLast());
    }
}

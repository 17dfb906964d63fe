package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateMapTest {
    private static final int FLOWS = 5000;

    @TempDir
    Path folder;

    private final byte[] key = new byte[FlowStateLayout.KEY_SIZE];
    private final byte[] value = new byte[FlowStateLayout.VALUE_SIZE];

    private void put(StateMap map, int from, int until) {
        for (int i = from; i < until; i++) {
            key[0] = (byte) i;
            key[1] = (byte) (i >> 8);
            value[0] = (byte) (i * 7);
            map.put(key, value);
        }
    }

    private int known(StateMap map, int until) {
        int known = 0;
        for (int i = 0; i < until; i++) {
            key[0] = (byte) i;
            key[1] = (byte) (i >> 8);
            if (map.get(key, value)) {
                assertEquals((byte) (i * 7), value[0]);
                known++;
            }
        }
        return known;
    }

    @Test
    void shouldKeepFlowsOverACloseAndOverAKill() throws Exception {
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        try (StateMap map = StateMap.open(folder, FLOWS, true)) {
            assertEquals(FLOWS, known(map, FLOWS));
        }
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            assertEquals(FLOWS, known(map, FLOWS));
            assertEquals(FLOWS, map.size());
        }
    }

    @Test
    void shouldTakeTheDisksRoomAtOnce() throws Exception {
        try (StateMap map = StateMap.open(folder, 100_000, false)) {
            Path file = folder.resolve("flows-1-100000.map");
            Process du = new ProcessBuilder("du", "-k", file.toString()).start();
            long taken = 1024
                    * Long.parseLong(
                            new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\\s")[0]);
            assertTrue(taken >= map.diskBytes(), taken + " of " + map.diskBytes());
            assertTrue(map.diskBytes() < 100_000 * 160L, "more than is asked for");
        }
    }

    @Test
    void shouldTakeFlowsOverWhenTheCapacityChanges() throws Exception {
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        try (StateMap map = StateMap.open(folder, 4 * FLOWS, true)) {
            assertEquals(FLOWS, known(map, FLOWS));
            put(map, FLOWS, 4 * FLOWS);
            assertEquals(4 * FLOWS, known(map, 4 * FLOWS));
        }
        assertFalse(Files.exists(folder.resolve("flows-1-5000.map")));
        try (StateMap map = StateMap.open(folder, 1000, false)) {
            int kept = known(map, 4 * FLOWS);
            assertTrue(kept >= 1000 && kept < 1100, () -> kept + " of as many as there is room for");
        }
    }

    /** A kill while flows are taken over: they are all there still, and no file is left that nobody will look at. */
    @Test
    void shouldBeginAnewWhenItWasKilledWhileItTookFlowsOver() throws Exception {
        Path old = folder.resolve("flows-1-5000.map");
        Path wanted = folder.resolve("flows-1-20000.map");
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        StateMap.begin(wanted, 4 * FLOWS, List.of(old), true).close();
        assertFalse(Files.exists(wanted), "it has its name before it is whole");

        try (StateMap map = StateMap.open(folder, 4 * FLOWS, false)) {
            assertEquals(FLOWS, known(map, FLOWS));
        }
        assertEquals(List.of(wanted), files());
    }

    /** A kill between the last two steps: the flows have been taken over, the old file is there still. */
    @Test
    void shouldDeleteAFileWhoseFlowsWereTakenOver() throws Exception {
        Path old = folder.resolve("flows-1-5000.map");
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        Path copy = Files.copy(old, folder.resolve("kept"));
        StateMap.open(folder, 4 * FLOWS, true).close();
        Files.move(copy, old);

        try (StateMap map = StateMap.open(folder, 4 * FLOWS, false)) {
            assertEquals(FLOWS, known(map, FLOWS));
        }
        assertEquals(List.of(folder.resolve("flows-1-20000.map")), files());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }

    @Test
    void shouldRefuseWhatIsTooMuchRatherThanToGrow() throws Exception {
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            long before = map.diskBytes();
            int refused = 0;
            for (int i = 0; i < 10 * FLOWS; i++) {
                try {
                    put(map, i, i + 1);
                } catch (RuntimeException e) {
                    refused++;
                }
            }
            int count = refused;
            assertTrue(count > 0, () -> map.size() + " flows found room");
            assertEquals(10L * FLOWS, map.size() + refused);
            assertTrue(known(map, 10 * FLOWS) >= FLOWS);
            assertEquals(before, map.diskBytes(), "it grew");
        }
    }

    /** Damage anywhere: what is whole is there, or the file is moved aside; nothing is made up, and nobody dies. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldSurviveDamage(long seed) throws Exception {
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        SplittableRandom random = new SplittableRandom(seed);
        Path file = folder.resolve("flows-1-5000.map");
        try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < 20; i++) {
                byte[] bytes = new byte[1 + random.nextInt(500)];
                random.nextBytes(bytes);
                damaged.seek(random.nextLong(damaged.length() - bytes.length));
                damaged.write(bytes);
            }
        }
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            int known = known(map, FLOWS);
            assertTrue(known <= FLOWS);
            put(map, 0, FLOWS);
            assertEquals(FLOWS, known(map, FLOWS), "seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.0, 0.001, 0.3, 0.9})
    void shouldSurviveATruncatedFile(double part) throws Exception {
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
        }
        try (RandomAccessFile truncated =
                new RandomAccessFile(folder.resolve("flows-1-5000.map").toFile(), "rw")) {
            truncated.setLength((long) (truncated.length() * part));
        }
        try (StateMap map = StateMap.open(folder, FLOWS, false)) {
            put(map, 0, FLOWS);
            assertEquals(FLOWS, known(map, FLOWS));
        }
    }
}

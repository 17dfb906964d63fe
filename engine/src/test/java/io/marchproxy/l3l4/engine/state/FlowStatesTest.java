package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.TcpView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowStatesTest {
    private static final String ON = "mode: on, interval: 1s";

    @TempDir
    Path data;

    private final byte[] value = new byte[FlowStateLayout.VALUE_SIZE];

    private static List<Integer> backends(Remembered shard, int... ports) {
        return IntStream.of(ports).map(shard::datagram).boxed().toList();
    }

    @Test
    void shouldRememberNothingWhenItIsOff() throws Exception {
        ProxySettings off = Remembered.settings(data, "mode: off", "a");
        assertNull(FlowStates.open(off, new SettingsCompiler().compile(off)));
        assertFalse(Files.exists(data.resolve("flows")));
    }

    @Test
    void shouldFindTheBackendsAgainByTheirNamesWhateverTheirNumbers() throws Exception {
        try (Remembered shard = new Remembered(data, ON, "a b c")) {
            assertEquals(List.of(1, 2, 3, 1), backends(shard, 5000, 5001, 5002, 5003));
            shard.awaitStatus(status -> status.written() == 4);
        }
        try (Remembered shard = new Remembered(data, ON, "c a d")) {
            // c is 1 now, a is 2, and b is gone: its session goes to the first.
            assertEquals(List.of(2, 1, 1, 2), backends(shard, 5000, 5001, 5002, 5003));
            assertEquals(4, shard.states.status().restored());
            assertEquals(4, shard.pipeline.remembered().found());
        }
        try (Remembered shard = new Remembered(data, ON, "c a d")) {
            assertEquals(List.of(2, 1, 1, 2), backends(shard, 5000, 5001, 5002, 5003));
        }
        assertEquals(
                3,
                RememberedFlow.longAt(value(5000, 17), FlowStateLayout.PACKETS_TO_BACKEND),
                "counted over three lives");
        assertEquals(300, RememberedFlow.longAt(value, FlowStateLayout.BYTES_TO_BACKEND));
    }

    @Test
    void shouldRememberWhatIsKnownOfAConnection() throws Exception {
        long beforeUs = System.currentTimeMillis() * 1000;
        try (Remembered shard = new Remembered(data, ON, "a")) {
            shard.connection(6000);
        }
        long afterUs = System.currentTimeMillis() * 1000 + 1000;

        value(6000, 6);

        assertEquals(FlowEnd.CLOSED.ordinal(), RememberedFlow.byteAt(value, FlowStateLayout.END));
        assertEquals(TcpView.SYN | TcpView.ACK, RememberedFlow.byteAt(value, FlowStateLayout.TCP_FLAGS));
        assertEquals(251, RememberedFlow.intAt(value, FlowStateLayout.ROUND_TRIP_US));
        assertEquals(StableIds.backend("web", "w"), RememberedFlow.longAt(value, FlowStateLayout.BACKEND));
        long firstUs = RememberedFlow.longAt(value, FlowStateLayout.FIRST_SEEN_US);
        assertTrue(
                firstUs >= beforeUs - 1_000_000 && firstUs <= afterUs + 1_000_000,
                () -> firstUs + " is not about " + beforeUs);
        List<String> names = Files.readAllLines(data.resolve("flows/names"));
        assertTrue(names.contains("%016x backend web/w".formatted(StableIds.backend("web", "w"))), names.toString());
    }

    @Test
    void shouldWriteTheCountersOfAFlowThatLivesOnceAnIntervalWhenTheyChanged() throws Exception {
        try (Remembered shard = new Remembered(data, ON, "a")) {
            shard.datagram(5000);
            for (int i = 0; i < 600; i++) {
                shard.after(10_000_000);
            }
            shard.awaitStatus(status -> status.written() == 1 && status.waitingBytes() == 0);
            for (int i = 0; i < 600; i++) {
                shard.datagram(5000);
                shard.after(10_000_000);
            }
            shard.awaitStatus(status -> status.written() >= 6 && status.waitingBytes() == 0);
            assertTrue(
                    shard.states.status().written() <= 9,
                    () -> shard.states.status().toString());
        }
        assertEquals(601, RememberedFlow.longAt(value(5000, 17), FlowStateLayout.PACKETS_TO_BACKEND));
    }

    @Test
    void shouldTellNobodyOfSessionsThatAreTooOldOrEndedByThemselves() throws Exception {
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            shard.datagram(5000);
            shard.after(61_000_000_000L);
            assertEquals(0, shard.pipeline.sessions(1), "it has ended by its time-out");
            shard.datagram(5001);
        }
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            assertEquals(1, shard.states.status().restored());
        }
    }

    @Test
    void shouldRecoverAfterTheProcessWasKilled() throws Exception {
        try (Remembered shard = new Remembered(data, ON, "a b c")) {
            backends(shard, 5000, 5001);
            shard.awaitStatus(status -> status.written() == 2);
            killed(shard, data.resolve("killed"));
        }
        Path after = data.resolve("killed");
        try (Remembered shard = new Remembered(after, ON, "a b c")) {
            assertEquals(List.of(2, 1), backends(shard, 5001, 5000));
        }
    }

    /** What a killed process leaves: the folder as it is while the map is open. */
    private void killed(Remembered shard, Path to) throws Exception {
        assertEquals(FlowStateStatus.State.WRITING, shard.states.status().state());
        Files.createDirectories(to.resolve("flows"));
        for (Path file : list(data.resolve("flows"))) {
            Files.copy(file, to.resolve("flows").resolve(file.getFileName()));
        }
        assertFalse(Files.exists(to.resolve("flows/sessions")));
    }

    @Test
    void shouldAskTheMapWhenTheSessionsFileCanNotBeBelieved() throws Exception {
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            backends(shard, 5000, 5001);
        }
        byte[] sessions = Files.readAllBytes(data.resolve("flows/sessions"));
        sessions[sessions.length - 1] ^= 1;
        Files.write(data.resolve("flows/sessions"), sessions);
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            assertEquals(List.of(2, 1), backends(shard, 5001, 5000));
        }
        Files.write(data.resolve("flows/sessions"), new byte[3]);
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            assertEquals(List.of(2, 1), backends(shard, 5001, 5000));
        }
    }

    /** Where Chronicle has a length, the one has a length and the other the mark of a file that is being made. */
    @ParameterizedTest
    @ValueSource(ints = {'x', 0xf8})
    void shouldMoveAsideWhatItCanNotRead(int content) throws Exception {
        Files.createDirectories(data.resolve("flows"));
        byte[] garbage = new byte[100_000];
        Arrays.fill(garbage, (byte) content);
        Files.write(data.resolve("flows/flows-1-1000.map"), garbage);
        Files.writeString(data.resolve("flows/flows-9-1000.map"), "of a later version");
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            shard.datagram(5000);
            shard.awaitStatus(status -> status.written() == 1);
        }
        List<String> names = list(data.resolve("flows")).stream()
                .map(path -> path.getFileName().toString().replaceAll("aside-.*", "aside"))
                .sorted()
                .toList();
        assertEquals(
                List.of(
                        "flows-1-1000.map",
                        "flows-1-1000.map.aside",
                        "flows-9-1000.map.aside",
                        "lock",
                        "names",
                        "sessions"),
                names);
    }

    @Test
    void shouldMakeAFileAnewThatWasNeverFinished() throws Exception {
        Files.createDirectories(data.resolve("flows"));
        Files.write(data.resolve("flows/flows-1-1000.map"), new byte[100_000]);
        try (Remembered shard = new Remembered(data, ON, "a b")) {
            shard.datagram(5000);
            shard.awaitStatus(status -> status.written() == 1);
        }
        assertEquals(4, list(data.resolve("flows")).size());
    }

    @Test
    void shouldKeepASecondProcessOut() throws Exception {
        try (Remembered first = new Remembered(data, ON, "a")) {
            FlowStateException refusal = assertThrows(FlowStateException.class, () -> new Remembered(data, ON, "a"));
            assertTrue(refusal.getMessage().contains("in use by another process"), refusal.getMessage());
            first.datagram(5000);
        }
        new Remembered(data, ON, "a").close();
    }

    @Test
    void shouldSayWhyAFolderCanNotBeUsed() throws Exception {
        Files.writeString(data.resolve("flows"), "a file");

        FlowStateException refusal = assertThrows(FlowStateException.class, () -> new Remembered(data, ON, "a"));

        assertTrue(refusal.getMessage().contains("can't be used"), refusal.getMessage());
    }

    private byte[] value(int port, int protocol) throws Exception {
        try (StateMap map = StateMap.open(data.resolve("flows"), Remembered.CAPACITY, true)) {
            for (int segment = 0; segment < map.segments(); segment++) {
                map.scan(segment, entry -> {
                    byte[] key = entry.key().get();
                    if (RememberedFlow.shortAt(key, FlowStateLayout.CLIENT_PORT) == port
                            && RememberedFlow.byteAt(key, FlowStateLayout.PROTOCOL) == protocol) {
                        System.arraycopy(entry.value().get(), 0, value, 0, value.length);
                    }
                    return false;
                });
            }
        }
        return value;
    }

    private static List<Path> list(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            return new ArrayList<>(files.toList());
        }
    }
}

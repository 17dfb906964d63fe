package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalStatus.State;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may befall a journal's folder and clock: recording goes on where it can, says so where it can't, and overwrites nothing. */
class JournalMishapsTest {
    private static final JournalSettings SETTINGS =
            new JournalSettings(JournalSettings.Mode.PACKETS, 200_000_000L, Duration.ofDays(1), Duration.ofSeconds(1));

    @TempDir
    Path data;

    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.now());
    private final InstantSource wall = clock::get;
    private final PacketDescriptor packet = Recorded.descriptor();
    private long nowNs = 1;

    @Test
    void shouldRecordAllInOrderHoweverTheClockIsSet() throws Exception {
        try (Session session = new Session()) {
            session.fillAFile();
            clock.updateAndGet(now -> now.plus(Duration.ofDays(400)));
            session.fillAFile();
            clock.updateAndGet(now -> now.minus(Duration.ofDays(1200)));
            session.fillAFile();
        }
        clock.set(Instant.parse("2001-01-01T00:00:00Z"));
        try (Session session = new Session()) {
            session.fillAFile();
        }

        List<Path> files = Retention.files(shard());
        assertEquals(5, files.size(), files::toString);
        List<Long> firsts = new ArrayList<>();
        long events = 0;
        try (JournalReader reader = new JournalReader(shard())) {
            while (reader.next()) {
                if (reader.beginsSession()) {
                    firsts.add(reader.firstRecord());
                }
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    events += Records.type(at) == RecordType.EVENT ? 1 : 0;
                }
            }
        }
        assertEquals(List.of(0L, 0L), firsts, "two sessions, each from its begin");
        assertEquals(nowNs - 1, events);
    }

    @Test
    void shouldTellTwoSessionsApartThatBeganAtTheSameTime() throws Exception {
        try (Session session = new Session()) {
            session.send(10);
        }
        try (Session session = new Session()) {
            session.send(10);
        }

        int sessions = 0;
        try (JournalReader reader = new JournalReader(shard())) {
            while (reader.next()) {
                sessions += reader.beginsSession() ? 1 : 0;
            }
        }
        assertEquals(2, sessions);
    }

    @Test
    void shouldGoOnInANewFolderWhenItIsRenamed() throws Exception {
        try (Session session = new Session()) {
            session.send(10);
            session.await("written", () -> session.status().records() == 21);
            Files.move(data.resolve("journal"), data.resolve("journal.old"));
            session.await("begun anew", () -> Files.exists(data.resolve("journal/lock")));
            session.await("recorded there", () -> {
                session.send(1);
                return Files.isDirectory(shard()) && isThere();
            });
            assertEquals(State.RECORDING, session.status().state());
        }
        assertEquals(
                RecordType.SESSION,
                Recorded.types(data.resolve("journal.old/shard-0")).getFirst());
        assertEquals(RecordType.END, Recorded.types(shard()).getLast());
    }

    @Test
    void shouldStopWhenAnotherTookTheFolderAndGoOnWhenItIsFree() throws Exception {
        try (Session session = new Session()) {
            session.send(10);
            session.await("written", () -> session.status().records() == 21);
            Files.move(data.resolve("journal"), data.resolve("journal.old"));
            try (FolderLock other = take()) {
                session.await("barred", () -> session.status().state() == State.FAILED);
                session.send(10);
                session.await("counted", () -> session.status().lostRecords() == 20);
                assertEquals(0, shards());
                assertNotNull(other);
            }
            session.await("free again", () -> session.status().state() == State.RECORDING);
            session.send(10);
        }
        List<RecordType> types = Recorded.types(shard());
        assertEquals(RecordType.GAP, types.getFirst());
        assertEquals(RecordType.END, types.getLast());
    }

    @Test
    void shouldSayThatAShardsFolderCanNotBeMadeAndTryAgain() throws Exception {
        Files.createDirectories(data.resolve("journal"));
        Path inTheWay = Files.writeString(shard(), "a file");
        try (Session session = new Session()) {
            session.await("failed", () -> session.status().state() == State.FAILED);
            session.send(10);
            session.await("counted", () -> session.status().lostRecords() == 21);
            assertEquals("a file", Files.readString(inTheWay));
            Files.delete(inTheWay);
            session.await("recording", () -> session.status().state() == State.RECORDING);
        }
        assertEquals(RecordType.GAP, Recorded.types(shard()).getFirst());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void shouldBeginANewFileWhateverTheOldOnesHold(int seed) throws Exception {
        for (int i = 0; i < 2; i++) {
            try (Session session = new Session()) {
                session.send(1000);
            }
        }
        damage(new SplittableRandom(seed), seed);
        Map<String, byte[]> before = contents();

        long began = nowNs;
        try (Session session = new Session()) {
            session.send(100);
            session.await("recorded", () -> session.status().records() == 201);
        }

        // What was recorded stays as it is, damaged or not, whatever becomes of Chronicle's list of files.
        Map<String, Path> now = new HashMap<>();
        try (Stream<Path> all = Files.list(shard())) {
            all.forEach(path -> now.put(path.getFileName().toString().substring(0, 13), path));
        }
        before.forEach((name, bytes) -> assertArrayEquals(
                bytes, Arrays.copyOf(read(now.getOrDefault(name, shard())), bytes.length), () -> seed + ": " + name));
        assertEquals(100, nowNs - began);
    }

    private void damage(SplittableRandom random, int kind) throws IOException {
        List<Path> files = new ArrayList<>(Retention.files(shard()));
        Path last = files.getLast();
        byte[] bytes = Files.readAllBytes(last);
        switch (kind) {
            case 0 -> Files.write(last, new byte[0]);
            case 1 -> Files.write(last, Arrays.copyOf(bytes, 7));
            case 2 -> Files.write(last, Arrays.copyOf(bytes, 40_001));
            case 3 -> Files.writeString(last, "not Chronicle's at all, but text of another program\n".repeat(1000));
            case 4 -> Files.writeString(shard().resolve("metadata.cq4t"), "nor is this");
            case 5 -> Files.write(shard().resolve("metadata.cq4t"), new byte[0]);
            default -> {
                for (int i = 0; i < 2000; i++) {
                    bytes[random.nextInt(40_000)] = (byte) random.nextInt();
                }
                Files.write(last, bytes);
            }
        }
    }

    /** The used bytes of each queue file, by the minute in its name. */
    private Map<String, byte[]> contents() throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        for (Path file : Retention.files(shard())) {
            byte[] bytes = read(file);
            int used = bytes.length;
            while (used > 0 && bytes[used - 1] == 0) {
                used--;
            }
            contents.put(Retention.stem(file), Arrays.copyOf(bytes, used));
        }
        return contents;
    }

    private static byte[] read(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Path shard() {
        return data.resolve("journal/shard-0");
    }

    private boolean isThere() {
        try {
            return !Retention.files(shard()).isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    private long shards() throws IOException {
        try (Stream<Path> all = Files.list(data.resolve("journal"))) {
            return all.filter(Files::isDirectory)
                    .sorted(Comparator.naturalOrder())
                    .count();
        }
    }

    /** Another service of this process, which counts as another process. */
    private FolderLock take() throws IOException {
        while (true) {
            try {
                return FolderLock.take(data.resolve("journal"));
            } catch (JournalException e) {
                // The first was quicker to take it again: once more.
                Path again = Files.createTempDirectory(data, "again");
                Files.move(data.resolve("journal"), again.resolve("journal"));
            }
        }
    }

    /** A pipeline that is recorded. */
    private final class Session implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final Journals journals;
        private final Pipeline pipeline;

        Session() throws IOException {
            journals = Journals.open(data, SETTINGS, 1, wall);
            OffHeapFlowTable flows = new OffHeapFlowTable(1000, 42, arena);
            pipeline = new Pipeline(
                    Recorded.settings(1),
                    flows,
                    Recorded.NO_OUTPUT,
                    journals.open(Recorded.options(), Recorded.settings(1), flows));
            journals.start();
        }

        JournalStatus status() {
            return journals.status().getFirst();
        }

        void send(int datagrams) {
            for (int i = 0; i < datagrams; i++) {
                pipeline.handle(Recorded.datagram(packet, 1 + (int) (nowNs % 30_000), nowNs++));
            }
        }

        /** Goes on until another file has begun. */
        void fillAFile() throws IOException {
            int files = isThere() ? Retention.files(shard()).size() : 0;
            int wanted = files == 0 ? 2 : files + 1;
            await("another file", () -> {
                if (status().waitingBytes() < 1 << 20) {
                    send(1000);
                }
                try {
                    return isThere() && Retention.files(shard()).size() >= wanted;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }

        void await(String what, BooleanSupplier condition) {
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (!condition.getAsBoolean()) {
                assertTrue(System.nanoTime() < deadline, () -> what + ": " + status());
                Thread.onSpinWait();
            }
        }

        @Override
        public void close() {
            journals.close();
            arena.close();
        }
    }
}

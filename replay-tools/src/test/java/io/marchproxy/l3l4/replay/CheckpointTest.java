package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.Captures;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A replay that begins in the midst of a session goes on exactly as the service did. */
class CheckpointTest {
    @TempDir
    Path data;

    @ParameterizedTest(name = "seed {0}, {1} flows, {2} clients")
    @CsvSource({
        "1, 100, 100, 16000000, 2",
        "2, 3000, 4000, 16000000, 1",
        "3, 40000, 30000, 40000000, 1",
        "20261126, 1000, 500, 16000000, 2"
    })
    void shouldGoOnFromWhatIsLeft(long seed, int flows, int clients, long journalBytes, int deletions)
            throws Exception {
        try (Wild wild = new Wild(data, seed, flows, clients, journalBytes)) {
            wild.events(500_000);
            assertEquals(0, wild.journals().status().getFirst().lostRecords());
        }
        String stats = Tools.run("stats", data).out();
        assertTrue(stats.contains("release"), stats);
        // Old files were deleted meanwhile; where checkpoints are small, each file has one, and more can go.
        for (int deleted = 0; deleted < deletions; deleted++) {
            Tools.Outcome outcome = Tools.run("verify", data);
            int gone = deleted;
            assertEquals(0, outcome.exitCode(), () -> "seed " + seed + ", " + gone + " files deleted: " + outcome);
            assertTrue(outcome.out().contains("no difference in "), outcome.out());
            assertTrue(outcome.out().contains("verified from the checkpoint at "), outcome.out());
            Files.delete(files().getFirst());
        }
    }

    @Test
    void shouldNameADifferenceAfterACheckpoint() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(20))) {
            while (files().size() < 2
                    || synthetic.journals().status().getFirst().checkpoints() == 0) {
                synthetic.datagrams(10_000);
            }
            synthetic.datagrams(50_000);
        }
        Files.delete(files().getFirst());

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(1, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.out().contains("≠ dscp           20                               18"), outcome.out());
    }

    @Test
    void shouldGoOnAfterAGap() throws Exception {
        try (Synthetic synthetic = Synthetic.withoutDisk(data, Synthetic.settings(18))) {
            synthetic.overrun().diskGoesOn();
            while (synthetic.journals().status().getFirst().checkpoints() == 0) {
                synthetic.datagrams(10_000);
            }
        }

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertTrue(
                outcome.out().contains("the disk was slower than the traffic; verified from the checkpoint at"),
                outcome.out());
    }

    @Test
    void shouldSayThatNoCheckpointFollowsAGap() throws Exception {
        try (Synthetic synthetic = Synthetic.withoutDisk(data, Synthetic.settings(18))) {
            synthetic.overrun().diskGoesOn();
        }

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(
                outcome.err().contains("it can't be verified from there on, since no checkpoint follows"),
                outcome.err());
    }

    @Test
    void shouldExportThePacketsThatAreLeft() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18))) {
            while (files().size() < 2
                    || synthetic.journals().status().getFirst().checkpoints() == 0) {
                synthetic.datagrams(10_000);
            }
            synthetic.datagrams(50_000);
        }
        Files.delete(files().getFirst());
        Path capture = data.resolve("left.pcapng");

        Tools.Outcome outcome = Tools.run("export-pcap", data, "--output", capture);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        try (CaptureReader packets = Captures.open(Files.newInputStream(capture), "left.pcapng")) {
            int count = 0;
            while (packets.next()) {
                count++;
            }
            // All from the checkpoint on, which says what the session is.
            assertTrue(count >= 50_000, outcome::toString);
        }
    }

    /** A table of 60,000 flows goes into the journal bit by bit; with an event go the chunks that it uses, and the next in turn. */
    @Test
    void shouldHoldNoPacketUpForLong() throws Exception {
        int flows = 60_000;
        Histogram handling = new Histogram(3);
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.clients(flows);
            while (synthetic.journals().status().getFirst().checkpoints() < 2) {
                synthetic.datagrams(10_000, handling);
            }
        }
        System.out.printf(
                "%,d flows: 99 %% of packets took %,d ns, 99.99 %% %,d ns, the longest %,d ns%n",
                flows, handling.getValueAtPercentile(99), handling.getValueAtPercentile(99.99), handling.getMaxValue());

        long most = 0;
        long between = 0;
        long slots = 0;
        try (JournalReader reader = new JournalReader(data.resolve("journal/shard-0"))) {
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    switch (Records.type(at)) {
                        case EVENT -> {
                            most = Math.max(most, between);
                            between = 0;
                        }
                        case CHECKPOINT, STATE, SLOTS -> {
                            between += Records.length(at);
                            slots += Records.type(at) == RecordType.SLOTS ? Records.length(at) : 0;
                        }
                        default -> {
                            // of the packets themselves
                        }
                    }
                }
            }
        }
        assertTrue(slots > (long) flows * FlowLayout.SIZE, slots + " bytes of slots");
        long bytes = most;
        assertTrue(most < 16 << 10, () -> bytes + " bytes were written before one event");
    }

    private List<Path> files() throws IOException {
        Path shard = data.resolve("journal/shard-0");
        if (!Files.isDirectory(shard)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(shard)) {
            return all.filter(path -> path.toString().endsWith(".cq4")).sorted().toList();
        }
    }
}

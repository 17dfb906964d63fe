package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalStatus.State;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up: a write through a memory map would kill the process there (SIGBUS). */
@RequiresRoot
class JournalDiskFullIT {
    private static final int BALLAST_BYTES = 16 << 20;

    @TempDir
    Path mountPoint;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=32m", "none", mountPoint.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", mountPoint.toString());
    }

    @Test
    void shouldStopWhenTheDiskIsFullAndGoOnWhenThereIsRoom() throws Exception {
        Path ballast = Files.write(mountPoint.resolve("ballast"), new byte[BALLAST_BYTES]);
        Journals journals = Objects.requireNonNull(Journals.open(
                mountPoint,
                new JournalSettings(
                        JournalSettings.Mode.PACKETS, 1_000_000_000L, Duration.ofDays(1), Duration.ofSeconds(60)),
                1));
        try (Arena arena = Arena.ofConfined()) {
            OffHeapFlowTable flows = new OffHeapFlowTable(1000, 42, arena);
            Pipeline pipeline = new Pipeline(
                    Recorded.settings(1),
                    flows,
                    Recorded.NO_OUTPUT,
                    journals.open(Recorded.options(), Recorded.settings(1), flows));
            journals.start();
            send(pipeline, journals, State.DISK_FULL);
            // Traffic goes on, and what is not recorded is counted.
            long lost = journals.status().getFirst().lostRecords();
            long before = journals.status().getFirst().records();
            for (int i = 0; i < 10_000; i++) {
                pipeline.handle(Recorded.datagram(packet, 1 + i % 100, ++nowNs));
            }
            assertTrue(mountPoint.toFile().getUsableSpace() >= 3 << 20, "a reserve is left to others");

            Files.delete(ballast);
            send(pipeline, journals, State.RECORDING);

            assertTrue(journals.status().getFirst().lostRecords() >= lost + 20_000);
            await(journals, State.RECORDING, before + 1);
            pipeline.handle(Recorded.datagram(packet, 1, ++nowNs));
        }
        journals.close();
        Path shard = mountPoint.resolve("journal/shard-0");
        assertEquals(journals.status().getFirst().lostRecords(), gap(shard));
        List<RecordType> types = Recorded.types(shard);
        assertEquals(
                List.of(RecordType.EVENT, RecordType.DECISION, RecordType.END),
                types.subList(types.size() - 3, types.size()));
    }

    @Test
    void shouldBeginLaterWhenTheDiskIsFullFromTheStart() throws Exception {
        Path ballast = Files.write(mountPoint.resolve("ballast"), new byte[30 << 20]);
        Journals journals =
                Objects.requireNonNull(Journals.open(mountPoint, Recorded.mode(JournalSettings.Mode.PACKETS), 1));
        try (Arena arena = Arena.ofConfined()) {
            OffHeapFlowTable flows = new OffHeapFlowTable(1000, 42, arena);
            Pipeline pipeline = new Pipeline(
                    Recorded.settings(1),
                    flows,
                    Recorded.NO_OUTPUT,
                    journals.open(Recorded.options(), Recorded.settings(1), flows));
            journals.start();
            await(journals, State.DISK_FULL, 0);
            pipeline.handle(Recorded.datagram(packet, 1, ++nowNs));
            Files.delete(ballast);
            await(journals, State.RECORDING, 0);
            pipeline.handle(Recorded.datagram(packet, 1, ++nowNs));
        }
        journals.close();

        assertEquals(3, gap(mountPoint.resolve("journal/shard-0")), "the session's begin, an event, a decision");
    }

    private final PacketDescriptor packet = Recorded.descriptor();
    private long nowNs;

    /** Sends until the journal is in a state. */
    private void send(Pipeline pipeline, Journals journals, State state) {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (journals.status().getFirst().state() != state) {
            assertTrue(System.nanoTime() < deadline, () -> "still " + journals.status());
            if (journals.status().getFirst().waitingBytes() < 1 << 20) {
                pipeline.handle(Recorded.datagram(packet, 1 + (int) (nowNs % 100), ++nowNs));
            }
        }
    }

    private static void await(Journals journals, State state, long records) {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (journals.status().getFirst().state() != state
                || journals.status().getFirst().records() < records) {
            assertTrue(System.nanoTime() < deadline, () -> "still " + journals.status());
            Thread.onSpinWait();
        }
    }

    /** Records that the journal says are missing because the disk was full. */
    private static long gap(Path shard) throws IOException {
        long missing = 0;
        try (JournalReader reader = new JournalReader(shard)) {
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    if (Records.type(at) == RecordType.GAP) {
                        assertEquals(GapCause.DISK_FULL, Records.gapCause(at));
                        missing += Records.gapRecords(at);
                    }
                }
            }
        }
        return missing;
    }

    private static void run(String... command) throws Exception {
        List<String> all = new ArrayList<>(List.of(command));
        Process process = new ProcessBuilder(all).inheritIO().start();
        assertEquals(0, process.waitFor(), () -> String.join(" ", all));
    }
}

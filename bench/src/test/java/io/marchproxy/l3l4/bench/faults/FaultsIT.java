package io.marchproxy.l3l4.bench.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.bench.peers.QuickRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real faults, a few of several kinds. */
class FaultsIT {
    @Test
    void shouldMeasureFaultsAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        QuickRun.require(1, List.of("ip", "nft"));
        Path json = folder.resolve("raw.json");
        Path hlog = folder.resolve("faults.hlog");

        QuickRun run = QuickRun.of(
                new FaultsCommand(), "--only=killed,frozen,slow,udp-blackholed", "--json=" + json, "--hlog=" + hlog);

        String raw = Files.readString(json);
        for (String kind : List.of("killed", "frozen", "slow", "udp-blackholed")) {
            assertTrue(raw.contains("\"kind\" : \"" + kind + "\""), raw);
            assertTrue(run.out().lines().anyMatch(line -> line.startsWith(kind + " ")), run.out());
            assertTrue(run.out().contains(kind + ": shard-0: no difference in "), run.out());
        }
        assertTrue(!raw.contains("\"first_ns\" : " + Recovery.NEVER), "each fault was survived: " + raw);
        assertTrue(Files.readString(hlog).contains("Tag=udp-blackholed,"));
    }
}

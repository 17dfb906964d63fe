package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.bench.peers.QuickRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A measurement for real, as short as one can be: ours, tbf and htb, TCP and UDP, both ways, and the scenes. */
class QosIT {
    @BeforeEach
    void requireTheMachine() throws IOException {
        QuickRun.require(2, List.of("ip", "tc", "ethtool", "tcpdump"));
    }

    @Test
    void shouldMeasureAllThreeBothWaysAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        Path json = folder.resolve("raw.json");
        Path markdown = folder.resolve("table.md");

        // So low a rate that what one turn left held back would be in the next one's way.
        QuickRun run = QuickRun.of(new QosCommand(), "--rates=1", "--json=" + json, "--markdown=" + markdown);

        String table = Files.readString(markdown);
        for (String key : List.of("tcp-to-backend", "tcp-to-client", "udp-to-backend", "udp-to-client")) {
            assertTrue(table.contains("| " + key + " | 1 |"), table);
            assertTrue(run.out().contains(key + ": ours carries "), run::out);
        }
        for (String scene : List.of("classes", "urgent", "fairness", "codel")) {
            assertTrue(table.contains("| " + scene + " | ours |"), table);
            assertTrue(
                    table.contains("| " + scene + " | " + (scene.equals("codel") ? "ours, tail drop" : "tc htb")),
                    table);
        }
        String raw = Files.readString(json);
        // Kernels are built without some of tc's queueing disciplines; where one is, the head of the report says so.
        for (Shaper shaper : List.of(Shaper.OURS, Shaper.TBF, Shaper.HTB, Shaper.NOBODY, Shaper.HTB_EACH)) {
            assertTrue(raw.contains("\"shaper\" : \"" + shaper.key() + "\""), raw);
        }
    }
}

package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.marchproxy.l3l4.bench.peers.Proc;
import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A measurement for real, as short as one can be: ours, tbf and htb, TCP and UDP, both ways. */
class QosIT {
    /** Skips, and fails under CI, where the machine lacks what it takes. */
    @BeforeEach
    void requireTheMachine() throws IOException {
        boolean fit = Proc.isRoot()
                && Proc.allowedCpus().size() > 1
                && Programs.missing(List.of("ip", "tc", "ethtool", "tcpdump")).isEmpty();
        assertTrue(fit || !Boolean.parseBoolean(System.getenv("CI")), "under CI a skip is a failure");
        assumeTrue(fit, "needs root, two CPUs and the programs of .ci/packages");
    }

    @Test
    void shouldMeasureAllThreeBothWaysAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        Path json = folder.resolve("raw.json");
        Path markdown = folder.resolve("table.md");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        // So low a rate that what one turn left held back would be in the next one's way.
        int code = new CommandLine(new QosCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("--quick", "--rates=1", "--json=" + json, "--markdown=" + markdown);

        assertEquals(0, code, err.toString());
        String table = Files.readString(markdown);
        for (String key : List.of("tcp-to-backend", "tcp-to-client", "udp-to-backend", "udp-to-client")) {
            assertTrue(table.contains("| " + key + " | 1 |"), table);
            assertTrue(out.toString().contains(key + ": ours carries "), out::toString);
        }
        String raw = Files.readString(json);
        for (Shaper shaper : Shaper.values()) {
            assertTrue(raw.contains("\"shaper\" : \"" + shaper.key() + "\""), raw);
        }
        assertFalse(Programs.run(List.of("ip", "netns", "list"))
                .contains("pl34-" + ProcessHandle.current().pid() + "-qos"));
    }
}

package io.marchproxy.l3l4.bench.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.marchproxy.l3l4.bench.peers.Proc;
import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Real faults, a few of each of the kinds that have an aim. */
class FaultsIT {
    @Test
    void shouldMeasureFaultsAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        boolean fit = Proc.isRoot() && Programs.missing(List.of("ip", "nft")).isEmpty();
        assertTrue(fit || !Boolean.parseBoolean(System.getenv("CI")), "under CI a skip is a failure");
        assumeTrue(fit, "needs root, ip and nft");
        Path json = folder.resolve("raw.json");
        Path hlog = folder.resolve("faults.hlog");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int code = new CommandLine(new FaultsCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("--quick", "--only=killed,frozen,udp-blackholed", "--json=" + json, "--hlog=" + hlog);

        assertEquals(0, code, err.toString());
        String raw = Files.readString(json);
        for (String kind : List.of("killed", "frozen", "udp-blackholed")) {
            assertTrue(raw.contains("\"kind\" : \"" + kind + "\""), raw);
            assertTrue(out.toString().lines().anyMatch(line -> line.startsWith(kind + " ")), out.toString());
        }
        assertTrue(!raw.contains("\"first_ns\" : " + Recovery.NEVER), "each fault was survived: " + raw);
        assertTrue(Files.readString(hlog).contains("Tag=udp-blackholed,"));
        String own = "pl34-" + ProcessHandle.current().pid() + "-peers";
        assertTrue(!Programs.run(List.of("ip", "netns", "list")).contains(own));
    }
}

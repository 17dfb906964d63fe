package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/QOS.md tells to type in its worked examples, typed. */
class DocumentedShapingIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String SHAPED = "docs/examples/shaped.yaml";
    private static final String POLICED = "docs/examples/policed.yaml";
    private static final int SECONDS = 120;

    /** Of the rates in the example, which nothing may exceed but for the burst. */
    private static final double TO_CLIENT_MBITS = 20;

    /** Of the rule in the other example. iperf3 does not count the burst's first moment as we do. */
    private static final double POLICED_MBITS = 8;

    private static final double NEARLY = 0.7;

    @TempDir
    Path folder;

    @BeforeEach
    void requireTheMachine() {
        boolean fit = Programs.missing(List.of("iperf3", "curl", "jq")).isEmpty();
        assertTrue(fit || !Boolean.parseBoolean(System.getenv("CI")), "under CI a skip is a failure");
        assumeTrue(fit, "needs iperf3, curl and jq");
    }

    @Test
    void shouldDoAsThePageSays() throws Exception {
        String said = type("## A worked example\n", SHAPED, "replay-tools diff");

        double mbits = receiver(said, "([0-9.]+) Mbits/sec +receiver");
        assertTrue(mbits <= TO_CLIENT_MBITS * 1.02 && mbits >= NEARLY * TO_CLIENT_MBITS, said);
        assertTrue(said.contains("\"service\":\"files\""), said);
        assertTrue(said.contains("marchproxy_qos_bytes_processed_total{priority=\"P3\"}"), said);
        assertTrue(said.contains("verdicts  hold"), said);
        assertFalse(said.contains("a difference"), said);
    }

    @Test
    void shouldPoliceAsThePageSays() throws Exception {
        String said = type("## Another: what guests may send\n", POLICED, ".policing[]");

        double mbits = receiver(said, "([0-9.]+) Mbits/sec .*receiver");
        assertTrue(mbits <= POLICED_MBITS * 1.05 && mbits >= NEARLY * POLICED_MBITS, said);
        for (String color : List.of("conform", "exceed", "violate")) {
            assertTrue(said.contains("\"direction\":\"to-backend\",\"color\":\"" + color + "\""), said);
            assertTrue(said.contains("color=\"" + color + "\"} "), said);
        }
        assertTrue(said.contains("policed"), said);
        assertFalse(said.contains("a difference"), said);
    }

    /** Types the commands of a section, by ports that are free; what all said. */
    private String type(String title, String file, String command) throws Exception {
        String page = Files.readString(ROOT.resolve("docs/QOS.md"));
        String example = Files.readString(ROOT.resolve(file));
        assertTrue(page.contains("```yaml\n" + example + "```"), "docs/QOS.md and " + file + " differ");
        String commands = Pattern.compile("```bash\n(.*?)```", Pattern.DOTALL)
                .matcher(section(page, title))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.joining("\n"));
        assertTrue(commands.contains(command), commands);

        String ports = ports(example);
        Files.createSymbolicLink(folder.resolve("bin"), ROOT.resolve("bin"));
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), withPorts(example, ports));
        return run("trap 'kill $(jobs -p) $(cat iperf3.pid) 2>/dev/null || true' EXIT\n" + withPorts(commands, ports));
    }

    private static String section(String page, String title) {
        int from = page.indexOf(title);
        return page.substring(from, page.indexOf("\n## ", from));
    }

    /** Ports of the page in turn, each with one that is free. */
    private static String ports(String example) throws IOException {
        StringBuilder pairs = new StringBuilder();
        for (String port : Pattern.compile(":(?: )?([0-9]{4})")
                .matcher(example)
                .results()
                .map(found -> found.group(1))
                .distinct()
                .toList()) {
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                pairs.append(port).append(' ').append(free.getLocalPort()).append('\n');
            }
        }
        return pairs.toString();
    }

    private static String withPorts(String text, String pairs) {
        String changed = text;
        for (String pair : pairs.lines().toList()) {
            changed = changed.replace(pair.substring(0, 4), pair.substring(5));
        }
        return changed;
    }

    private String run(String script) throws Exception {
        Path out = folder.resolve("out");
        Process process = new ProcessBuilder("bash", "-euxo", "pipefail", "-c", script)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        String said = Files.readString(out);
        assertTrue(ended, said);
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    /** What the first receiver of iperf3 says that it got. */
    private static double receiver(String said, String pattern) {
        Matcher line = Pattern.compile(pattern).matcher(said);
        return line.results()
                .findFirst()
                .map((MatchResult found) -> Double.parseDouble(found.group(1)))
                .orElseThrow(() -> new AssertionError(said));
    }
}

package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RealProgram.Outcome;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the unit of systemd promise, held against the program. */
class PackagingIT {

    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    Path folder;

    @Test
    void shouldLeaveABrokenConfigurationToTheExitCodeThatKeepsSystemdFromTryingAgain() throws Exception {
        List<String> unit = Files.readAllLines(ROOT.resolve("packaging/systemd/proxy-l3l4.service"));
        Path broken = Files.writeString(folder.resolve("broken.yaml"), "services: []\n");

        Outcome outcome = RealProgram.of(ProxyLauncher.commandLine("run", "--config", broken.toString()))
                .timeout(PATIENCE)
                .run();

        assertTrue(unit.contains("RestartPreventExitStatus=" + outcome.exitCode()), outcome::toString);
        // systemd asks the main process alone for that code: whatever fails before it is tried again.
        assertEquals(
                List.of(),
                unit.stream().filter(line -> line.startsWith("ExecStartPre")).toList());
    }

    @Test
    @RequiresNetNs
    @RequiresProgram({"nginx", "curl"})
    void shouldDoWhatTheReadmeShowsInFrontOfARealNginx() throws Exception {
        Matcher block = Pattern.compile("## In front of a real nginx.*?```bash\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve("README.md")));
        assertTrue(block.find(), "README.md has no such example");
        // Who types the lines by hand gives each server the second that it takes to start; the script asks again.
        Path script = Files.writeString(folder.resolve("readme.bash"), """
                set -eu
                trap 'kill $(jobs -p); wait' EXIT
                curl() { command curl -sS --retry 20 --retry-delay 1 --retry-all-errors "$@"; }
                """ + block.group(1));

        try (TestNetwork network = TestNetwork.create()) {
            Outcome outcome = RealProgram.of("bash", script.toString())
                    .in(network)
                    .folder(ROOT)
                    .timeout(PATIENCE)
                    .run();

            assertEquals(0, outcome.exitCode(), outcome::toString);
            String out = outcome.out();
            assertTrue(out.contains("docs/examples/web.yaml: ok (1 service, 2 backends)\n"), out);
            assertTrue(
                    Pattern.compile("^nginx-[12]$", Pattern.MULTILINE)
                            .matcher(out)
                            .find(),
                    out);
            assertTrue(out.contains("\"ready\" : true"), out);
            assertTrue(out.contains("\n# TYPE marchproxy_"), out);
        }
    }
}

package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ProxyCommandTest {

    private static final String SOUND = """
            services:
              - name: web
                listen: tcp://127.0.0.1:0
                backends: [ { id: a, address: 127.0.0.1:9001 }, { id: b, address: 127.0.0.1:9002 } ]
            """;

    @TempDir
    private Path folder;

    /** How a command ended. */
    private record Ending(int exitCode, String out, String err) {}

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version", "-V"})
    void shouldPrintTheVersion(String argument) {
        assertEquals(new Ending(0, "proxy-l3l4 " + Version.current() + "\n", ""), execute(argument));
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "check", "demo", "drain", "version"})
    void shouldHelpWithEveryCommandInEitherOrder(String command) {
        Ending help = execute(command, "--help");

        assertEquals(0, help.exitCode());
        assertTrue(help.out().startsWith("Usage: proxy-l3l4 " + command), help.out());
        assertEquals(help, execute("help", command));
    }

    @Test
    void shouldTellWhenBackendsCannotBePingedFromHere() throws IOException {
        Path file = Files.writeString(folder.resolve("pinged.yaml"), SOUND + "    health: { protocol: icmp }\n");
        // By lines: the kernel answers such a file's first read alone, and readString begins with a single byte.
        String[] groups = Files.readAllLines(Path.of("/proc/sys/net/ipv4/ping_group_range"))
                .getFirst()
                .split("\\s+");
        boolean nobody = Long.parseLong(groups[0]) > Long.parseLong(groups[1]);

        Ending check = execute("check", "--config", file.toString());

        assertEquals(0, check.exitCode(), check.out());
        assertTrue(check.out().endsWith(": ok (1 service, 2 backends)\n"), check.out());
        if (nobody) {
            assertTrue(
                    check.out().startsWith("warning: " + file + ": services[].health.protocol: icmp: "), check.out());
            assertTrue(check.out().contains("net.ipv4.ping_group_range"), check.out());
        }
    }

    @Test
    void shouldListTheCommandsAndShowExamples() {
        Ending help = execute("--help");

        assertEquals(help, execute("help"));
        for (String command : new String[] {"run", "check", "demo", "drain", "version", "help"}) {
            assertTrue(help.out().contains("\n  " + command + " "), command);
        }
        assertTrue(help.out().contains("Examples:"));
    }

    @ParameterizedTest
    @CsvSource({
        "--config, -",
        "--data-dir, -",
        "--backend, -",
        "--listen-port, LISTEN_PORT",
        "--admin-port, ADMIN_PORT",
        "--log-level, LOG_LEVEL",
        "--manager-url, MANAGER_URL",
        "--cluster-api-key, CLUSTER_API_KEY",
        "--enable-qos, ENABLE_QOS",
        "--enable-multicloud, ENABLE_MULTICLOUD",
        "--enable-otel, ENABLE_OTEL",
        "--numa-optimization, NUMA_OPTIMIZATION"
    })
    void shouldDescribeEachFlagWithItsVariable(String flag, String variable) {
        String help = execute("run", "--help").out();

        assertTrue(help.contains(flag), flag);
        assertTrue(variable.equals("-") || help.contains(variable), variable);
    }

    @ParameterizedTest
    @CsvSource({"tap", "top", "rum"})
    void shouldSayThatThereIsNoSuchCommand(String command) {
        Ending ending = execute(command);

        assertEquals(2, ending.exitCode());
        assertEquals(
                "proxy-l3l4: there is no command '" + command + "'; there are run, check, explain, demo, drain,"
                        + " version, help",
                ending.err().lines().findFirst().orElse(""));
    }

    @Test
    void shouldSayThatACommandIsMissing() {
        assertEquals(new Ending(2, "", "proxy-l3l4: a command is missing\nTry: proxy-l3l4 --help\n"), execute());
    }

    @Test
    void shouldSuggestTheFlagThatWasMeant() {
        Ending ending = execute("run", "--admin-prot=1");

        assertEquals(2, ending.exitCode());
        assertTrue(ending.err().startsWith("proxy-l3l4: Unknown option: '--admin-prot'\n"), ending.err());
        assertTrue(ending.err().contains("--admin-port"), ending.err());
        assertTrue(ending.err().endsWith("Try: proxy-l3l4 run --help\n"), ending.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run --cluster-api-kye=s3cr3tkey",
                "run --cluster-api-kye s3cr3tkey",
                "run -cluster-api-key=s3cr3tkey",
                "run --cluster-api-key= s3cr3tkey",
                "run --cluster-api-key s3cr3tkey --cluster-api-key s3cr3tkey",
                "run --backend 127.0.0.1:1 --cluster-api-key s3cr3tkey",
                "run --admin-port=x --cluster-api-key=s3cr3tkey",
                "check --cluster-api-key=s3cr3tkey",
                "--cluster-api-key=s3cr3tkey run",
                "demo --cluster-api-key=s3cr3tkey"
            })
    void shouldNeverRepeatASecretHoweverItsFlagIsMistyped(String line) {
        Ending ending = execute(line.split(" "));

        assertEquals(2, ending.exitCode(), ending::toString);
        assertFalse(ending.toString().contains("s3cr3t"), ending::toString);
    }

    @Test
    void shouldNameTheFolderThatTheDemonstrationCannotWriteTo() throws IOException {
        assertEquals(
                new Ending(
                        1,
                        "",
                        "proxy-l3l4: --data-dir /proc/x: the report cannot be written there:"
                                + " /proc/x: no such file or folder\n"),
                execute("demo", "--seconds=2", "--data-dir=/proc/x"));
        Path file = Files.createFile(folder.resolve("file"));
        assertEquals(
                new Ending(
                        1,
                        "",
                        "proxy-l3l4: --data-dir " + file + ": the report cannot be written there: " + file
                                + ": there is a file in the way\n"),
                execute("demo", "--seconds=2", "--data-dir=" + file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "46", "-3"})
    void shouldBoundTheDemonstration(String seconds) {
        Ending ending = execute("demo", "--seconds=" + seconds);

        assertEquals(2, ending.exitCode());
        assertTrue(ending.err().contains("--seconds must be from 2 to 45, not " + seconds), ending.err());
    }

    @Test
    void shouldFindNoFaultInASoundFile() throws IOException {
        Path file = write(SOUND);

        assertEquals(
                new Ending(0, file + ": ok (1 service, 2 backends)\n", ""), execute("check", "-c", file.toString()));
    }

    @Test
    void shouldTellWhatHasNoEffect() throws IOException {
        Path file = write(SOUND + "manager: { poll-interval: 1m }\n");
        int line = (int) SOUND.lines().count() + 1;
        String warning =
                "warning: " + file + ":" + line + ": manager.poll-interval: has no effect: there is no manager.url\n";

        assertEquals(
                new Ending(0, warning + file + ": ok (1 service, 2 backends)\n", ""),
                execute("check", "-c", file.toString()));
        assertTrue(execute("check", "--show", "-c", file.toString()).out().startsWith("# " + warning));
    }

    @Test
    void shouldRefuseWhatTheMachineCannotHold() throws IOException {
        Path file =
                write(SOUND + "engine: { mode: pipelined, shards: 256, ring-size: 1048576, max-flows: 100000000 }\n");

        Ending ending = execute("check", "-c", file.toString());

        assertEquals(2, ending.exitCode());
        assertTrue(ending.out().contains("engine.ring-size"), ending.out());
    }

    @Test
    void shouldTellEveryFaultWithItsLine() throws IOException {
        Path file = write("admin: { prot: 8081 }\n" + SOUND.replace("name: web", "name: web\n    algorithm: fastest"));

        Ending ending = execute("check", "--config", file.toString());

        assertEquals(2, ending.exitCode());
        assertEquals(2, ending.out().lines().count(), ending.out());
        assertTrue(ending.out().startsWith(file + ":1: "), ending.out());
        assertTrue(ending.out().contains("\n" + file + ":4: "), ending.out());
    }

    @Test
    void shouldShowTheEffectiveConfigurationWithFlagsAndDefaults() throws IOException {
        Ending ending = execute("check", "--show", "-c", write(SOUND).toString(), "--admin-port", "1234");

        assertAll(
                () -> assertEquals(0, ending.exitCode()),
                () -> assertTrue(ending.out().contains("port: 1234  # flag --admin-port"), ending.out()),
                () -> assertTrue(ending.out().contains("drain-timeout: 30s  # default"), ending.out()));
    }

    @ParameterizedTest
    @CsvSource({
        "--manager-url=http://127.0.0.1:8000, the manager is not in this version yet",
        "--cluster-api-key=secret, the manager is not in this version yet",
        "--enable-otel, trace export is not in this version yet"
    })
    void shouldRefuseByNameWhatIsNotThereYet(String flag, String message) throws IOException {
        Ending ending = execute("run", "--config", write(SOUND).toString(), flag);

        assertEquals(2, ending.exitCode());
        assertTrue(ending.err().contains("flag " + flag.replaceAll("=.*", "") + ": "), ending.err());
        assertTrue(ending.err().contains(message), ending.err());
        assertFalse(ending.err().contains("secret"), ending.err());
    }

    @Test
    void shouldSayWhatIsMissingToRunWithoutAFile() {
        Ending ending = execute("run");

        assertEquals(2, ending.exitCode());
        assertTrue(ending.err().contains("give --backend HOST:PORT"), ending.err());
    }

    @Test
    void shouldTakeSeveralBackends() {
        Ending ending = execute("check", "--backend", "127.0.0.1:9001", "--backend", "127.0.0.1:9002");

        assertEquals(0, ending.exitCode(), ending.err() + ending.out());
        assertTrue(ending.out().contains("2 backends"), ending.out());
    }

    private Path write(String yaml) throws IOException {
        return Files.writeString(folder.resolve("proxy.yaml"), yaml);
    }

    private static Ending execute(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = ProxyCommand.commandLine();
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return new Ending(commandLine.execute(arguments), out.toString(), err.toString());
    }
}

package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RealProgram.Outcome;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that cannot succeed end at once with one clear line; starts that can, do. */
class BadStartIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @Test
    void shouldNameTheTcpPortThatIsTaken() {
        try (TcpBackend holder = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:" + holder.port(), "127.0.0.1:9"))
                        .launch()) {
            assertOneLine(proxy.awaitEnd(), "127.0.0.1:" + holder.port(), "taken");
        }
    }

    @Test
    void shouldNameTheUdpPortThatIsTaken() throws Exception {
        try (DatagramSocket holder = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                ProxyProcess proxy = ProxyProcess.with(
                                service("udp://127.0.0.1:" + holder.getLocalPort(), "127.0.0.1:9"))
                        .launch()) {
            assertOneLine(proxy.awaitEnd(), "127.0.0.1:" + holder.getLocalPort(), "taken");
        }
    }

    @Test
    void shouldNameTheAdminPortThatIsTaken() throws Exception {
        try (ProxyProcess first =
                ProxyProcess.with(service("tcp://127.0.0.1:0", "127.0.0.1:9")).start()) {
            Path config = Files.writeString(
                    folder.resolve("second.yaml"),
                    "admin: { address: 127.0.0.1, port: " + first.adminPort() + " }\ndata-dir: " + folder + "\n"
                            + service("tcp://127.0.0.1:0", "127.0.0.1:9"));

            Outcome second = RealProgram.of(ProxyLauncher.commandLine("run", "--config", config.toString()))
                    .timeout(PATIENCE)
                    .run();

            assertOneLine(second, "" + first.adminPort(), "taken");
        }
    }

    @Test
    @RequiresNetNs
    @RequiresProgram("setpriv")
    void shouldSayWhatAPrivilegedPortTakes() {
        try (TestNetwork network = TestNetwork.create();
                ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:80", "127.0.0.1:9"))
                        .in(network)
                        .asNobody()
                        .launch()) {
            assertOneLine(proxy.awaitEnd(), "127.0.0.1:80", "privilege");
        }
    }

    @Test
    void shouldNameTheBackendWhoseHostIsUnknown() {
        try (ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:0", "nobody-has-this-name.invalid:80"))
                .launch()) {
            assertOneLine(proxy.awaitEnd(), "web", "unknown host name nobody-has-this-name.invalid");
        }
    }

    @Test
    void shouldRefuseAReloadThatNamesAnUnknownHostAndServeOn() throws Exception {
        try (TcpBackend backend = TcpBackend.greeting("here");
                ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:0", "127.0.0.1:" + backend.port()))
                        .start();
                Socket client = new Socket()) {
            proxy.writeConfig(service("tcp://127.0.0.1:0", "nobody-has-this-name.invalid:80"));

            proxy.signal("HUP");

            Await.until("told", PATIENCE, () -> proxy.output().contains("nobody-has-this-name.invalid"));
            Await.value("counted", PATIENCE, () -> proxy.status().reloadsRefused(), count -> count > 0);
            client.setSoTimeout(10_000);
            client.connect(proxy.tcp("web"), 5_000);
            assertEquals('h', client.getInputStream().read());
        }
    }

    @Test
    void shouldRefuseAServiceWithoutBackendsByItsLine() {
        String services = """
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                """;
        try (ProxyProcess proxy = ProxyProcess.with(services).launch()) {
            Outcome outcome = proxy.awaitEnd();
            assertEquals(2, outcome.exitCode(), outcome::toString);
            assertTrue(outcome.err().contains("proxy.yaml:4:"), outcome::toString);
            assertTrue(outcome.err().contains("backend"), outcome::toString);
            proxy.assertNoStackTrace();
        }
    }

    @Test
    void shouldTellEveryFaultOfAConfigurationOnALineOfItsOwn() throws Exception {
        Path config = Files.writeString(folder.resolve("broken.yaml"), """
                engine: { mode: fastest }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:99999
                    idle-timout: 60s
                    max-connections: many
                    backends:
                      - { id: a, address: nowhere }
                      - { id: a, adress: "127.0.0.1:1" }
                """);
        for (String command : List.of("check", "run")) {
            Outcome outcome = RealProgram.of(ProxyLauncher.commandLine(command, "--config", config.toString()))
                    .folder(folder)
                    .timeout(PATIENCE)
                    .run();

            assertEquals(2, outcome.exitCode(), outcome::toString);
            for (int line : new int[] {1, 4, 5, 6, 8, 9}) {
                assertTrue(outcome.all().contains("broken.yaml:" + line + ":"), () -> "line " + line + ": " + outcome);
            }
            assertTrue(outcome.all().contains("idle-timeout"), () -> "the likely key: " + outcome);
            assertFalse(outcome.all().contains("\tat "), outcome::toString);
        }
    }

    @Test
    void shouldNameTheLineWhereTheYamlItselfIsBroken() throws Exception {
        Path config =
                Files.writeString(folder.resolve("broken.yaml"), "engine: { mode: auto }\nservices:\n  - name: [a\n");

        Outcome outcome = RealProgram.of(ProxyLauncher.commandLine("check", "--config", config.toString()))
                .timeout(PATIENCE)
                .run();

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.all().matches("(?s).*broken.yaml:[34]:.*"), outcome::toString);
        assertEquals(1, outcome.all().strip().lines().count(), outcome::toString);
    }

    @Test
    void shouldNameAConfigurationFileThatIsNotThere() {
        Outcome outcome = RealProgram.of(ProxyLauncher.commandLine(
                        "run", "--config", folder.resolve("absent.yaml").toString()))
                .timeout(PATIENCE)
                .run();

        assertNotEquals(0, outcome.exitCode());
        assertTrue(outcome.err().contains("absent.yaml"), outcome::toString);
        assertFalse(outcome.all().contains("\tat "), outcome::toString);
    }

    private static void assertOneLine(Outcome outcome, String... words) {
        assertNotEquals(0, outcome.exitCode(), outcome::toString);
        assertFalse(outcome.all().contains("\tat "), outcome::toString);
        List<String> telling = outcome.err()
                .lines()
                .filter(line -> List.of(words).stream().allMatch(line::contains))
                .toList();
        assertEquals(1, telling.size(), () -> "one line with " + List.of(words) + ": " + outcome);
    }

    private static String service(String listen, String backend) {
        return """
                services:
                  - name: web
                    listen: %s
                    backends: [ { id: b, address: "%s" } ]
                """.formatted(listen, backend);
    }
}

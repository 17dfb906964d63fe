package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RealProgram.Outcome;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    void shouldNameTheJournalThatAnotherProcessKeepsAndTakeItOnceThatIsKilled() throws Exception {
        String recorded = "data-dir: " + folder + "\nengine: { journal: { mode: packets, max-size: 100MB } }\n"
                + service("tcp://127.0.0.1:0", "127.0.0.1:9");
        try (ProxyProcess first = ProxyProcess.with(recorded).start()) {
            try (ProxyProcess second = ProxyProcess.with(recorded).launch()) {
                assertOneLine(second.awaitEnd(), folder.resolve("journal").toString(), "in use by another process");
            }
            first.running().handle().destroyForcibly();
            first.awaitEnd();
        }
        try (ProxyProcess third = ProxyProcess.with(recorded).start()) {
            assertTrue(third.running().isAlive());
        }
    }

    @Test
    @RequiresNetNs
    @RequiresProgram("setpriv")
    void shouldNameTheJournalThatItMayNotWriteTo() throws Exception {
        Path journal = Files.createDirectories(folder.resolve("journal"));
        Path kept = Files.writeString(journal.resolve("lock"), "");
        String recorded = "data-dir: " + folder + "\nengine: { journal: { mode: flows } }\n"
                + service("tcp://127.0.0.1:0", "127.0.0.1:9");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rw-r--r--"));
        try (TestNetwork network = TestNetwork.create();
                ProxyProcess proxy =
                        ProxyProcess.with(recorded).in(network).asNobody().launch()) {
            assertOneLine(proxy.awaitEnd(), journal + " can't be used", "permission");
        }
    }

    @Test
    @RequiresRoot
    void shouldNameTheJournalOnADiskThatIsReadOnly() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        RealProgram.of(List.of("mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", disk.toString()))
                .runOrFail();
        try (ProxyProcess proxy = ProxyProcess.with("data-dir: " + disk + "\nengine: { journal: { mode: flows } }\n"
                        + service("tcp://127.0.0.1:0", "127.0.0.1:9"))
                .launch()) {
            assertOneLine(proxy.awaitEnd(), disk + "/journal can't be used", "Read-only file system");
        } finally {
            RealProgram.of(List.of("umount", "-l", disk.toString())).run();
        }
    }

    @Test
    void shouldNameTheBackendWhoseHostIsUnknown() throws Exception {
        // A hosts file in the place of name servers, which this machine may not have: then a name is not unknown, it is
        // late.
        Path hosts = Files.createFile(folder.resolve("hosts"));
        try (ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:0", "nobody-has-this-name.invalid:80"))
                .jvmFlag("-Djdk.net.hosts.file=" + hosts)
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

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertEquals(
                "command line: the configuration " + folder.resolve("absent.yaml") + " does not exist\n",
                outcome.all());
    }

    @Test
    void shouldAcceptNobodyWhenTheAdminPortIsTaken() throws Exception {
        int port = Ports.free();
        AtomicInteger accepted = new AtomicInteger();
        try (ServerSocket holder = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:" + port, "127.0.0.1:9"))
                        .flags("--admin-port=" + holder.getLocalPort())
                        .launch()) {
            Thread client = Thread.ofPlatform().start(() -> {
                while (proxy.running().isAlive()) {
                    try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                        accepted.incrementAndGet();
                    } catch (IOException _) {
                        Thread.onSpinWait();
                    }
                }
            });

            Outcome outcome = proxy.awaitEnd();

            client.join();
            assertEquals(1, outcome.exitCode(), outcome::toString);
            assertOneLine(outcome, "" + holder.getLocalPort(), "taken");
            assertEquals(0, accepted.get(), "connections that were accepted and then cut");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 28, 32, 36, 40, 48})
    @RequiresProgram("prlimit")
    void shouldSayInOneLineThatTheDescriptorLimitIsTooLow(int limit) {
        try (ProxyProcess proxy = ProxyProcess.with(service("tcp://127.0.0.1:0", "127.0.0.1:9"))
                .under("prlimit", "--nofile=" + limit)
                .uncovered()
                .launch()) {
            Outcome outcome = proxy.awaitEnd();

            assertEquals(1, outcome.exitCode(), outcome::toString);
            assertEquals(
                    "proxy-l3l4: the limit of file descriptors is " + limit + ", and it takes 64 at the least:"
                            + " raise it with ulimit -n, or LimitNOFILE= in a unit of systemd\n",
                    outcome.all());
        }
    }

    @Test
    void shouldRefuseADeviceAsItsConfiguration() {
        for (String command : List.of("check", "run")) {
            Outcome outcome = RealProgram.of(ProxyLauncher.commandLine(command, "--config", "/dev/zero"))
                    .timeout(PATIENCE)
                    .run();

            assertEquals(2, outcome.exitCode(), outcome::toString);
            assertEquals(
                    "command line: the configuration /dev/zero cannot be read: it is a device or a socket;"
                            + " give a file or a pipe\n",
                    outcome.all());
        }
    }

    @Test
    void shouldNotWaitForEverForAPipeThatNobodyWritesTo() {
        Path pipe = folder.resolve("pipe");
        RealProgram.of("mkfifo", pipe.toString()).runOrFail();

        Outcome outcome = RealProgram.of(ProxyLauncher.commandLine("run", "--config", pipe.toString()))
                .timeout(PATIENCE)
                .run();

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertEquals(
                "command line: the configuration " + pipe
                        + " gave no end within 10 s: is nobody writing to the pipe?\n",
                outcome.all());
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

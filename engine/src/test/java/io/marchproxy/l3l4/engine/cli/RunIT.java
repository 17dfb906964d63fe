package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of the service as its users see it: starting, reloading, draining and ending, by signals, files and systemd. */
class RunIT {
    private static final String RELOADED = ": reloaded, ";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final TcpBackend backend = TcpBackend.echo();

    @TempDir
    private Path folder;

    @AfterEach
    void stopBackend() {
        backend.close();
    }

    @Test
    void shouldSayWhatItListensOnAndThatItIsReady() {
        try (ProxyProcess proxy = ProxyProcess.with(services("one", "two")).start()) {
            String output = Await.value(
                    "it says that it is ready", PATIENCE, proxy::output, text -> text.contains("ready after"));
            String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) INFO  ";
            String backends = " → b 127.0.0.1:" + backend.port();

            assertMatches(output, time + "proxy-l3l4 \\S+: (io_uring|epoll|nio), \\S+, \\d+ shards?");
            assertMatches(output, time + "service one: tcp://127\\.0\\.0\\.1:[1-9]\\d*" + backends);
            assertMatches(output, time + "service two: tcp://127\\.0\\.0\\.1:[1-9]\\d*" + backends);
            assertMatches(output, time + "admin: http://127\\.0\\.0\\.1:" + proxy.adminPort());
            assertMatches(output, time + "ready after \\d+ ms: 2 services, 2 backends, configuration [0-9a-f]+");
            assertEquals(
                    0, output.lines().filter(line -> !line.matches(time + ".*")).count(), output);
        }
    }

    @Test
    void shouldReloadWhenTheFileIsReplaced() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start();
                Socket live = connect(proxy, "one")) {
            proxy.writeConfig(services("one", "two"));

            Await.until("the new service listens", PATIENCE, () -> relays(connect(proxy, "two")));
            assertTrue(echoes(live), "a live connection of another service must stay");
            Await.value("it is counted", PATIENCE, () -> proxy.status().reloads(), reloads -> reloads == 1);
        }
    }

    @Test
    void shouldReloadOnceWhenASignalAndAChangeComeTogether() {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start()) {
            proxy.reload(services("one", "two"));
            Await.until("the change is in force", PATIENCE, () -> relays(connect(proxy, "two")));
            // Were the change still to come as well, it would be counted before the one that follows it.
            proxy.reload(services("one", "three"));
            Await.until("the next change is in force", PATIENCE, () -> relays(connect(proxy, "three")));

            // A signal that comes late, when the change was seen, asks for a reload of its own; a change that the
            // signal has
            // brought already does not.
            List<String> reloads = Await.value(
                    "both are told",
                    PATIENCE,
                    () -> proxy.output()
                            .lines()
                            .filter(line -> line.contains(RELOADED))
                            .toList(),
                    lines -> lines.size() >= 2);
            for (int i = 1; i < reloads.size(); i++) {
                String reload = reloads.get(i);
                boolean isOfTheFile = reload.contains(" has changed" + RELOADED);
                assertTrue(!isOfTheFile || !configuration(reload).equals(configuration(reloads.get(i - 1))), reload);
            }
        }
    }

    private static String configuration(String reload) {
        return reload.substring(reload.indexOf(RELOADED));
    }

    @Test
    void shouldKeepTheOldConfigurationWhenTheNewOneIsWrong() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start()) {
            proxy.writeConfig(services("one").replace("listen:", "lissen:"));

            String output =
                    Await.value("it is refused", PATIENCE, proxy::output, text -> text.contains("stays in force"));
            assertMatches(output, ".* ERROR " + Pattern.quote(proxy.config().toString()) + ":\\d+: .*lissen.*");
            assertTrue(relays(connect(proxy, "one")));
            assertEquals(1, proxy.status().reloadsRefused());
            assertEquals(0, proxy.status().reloads());
        }
    }

    @Test
    void shouldOutliveAConfigurationThatGrowsBeyondAllBounds() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start();
                Socket live = connect(proxy, "one")) {
            try (RandomAccessFile file = new RandomAccessFile(proxy.config().toFile(), "rw")) {
                file.setLength(3L << 30);
            }
            proxy.signal("HUP");

            String output =
                    Await.value("it is refused", PATIENCE, proxy::output, text -> text.contains("stays in force"));
            assertMatches(
                    output,
                    ".* ERROR command line: the configuration "
                            + Pattern.quote(proxy.config().toString()) + " is larger than 16 MiB");
            assertTrue(echoes(live), "a live connection must stay");
            proxy.reload(services("one", "two"));
            assertTrue(relays(connect(proxy, "two")));
        }
    }

    @Test
    void shouldRefuseAConfigurationThatBecomesAPipeAndStillDrain() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start()) {
            Path pipe = folder.resolve("pipe");
            RealProgram.of("mkfifo", pipe.toString()).runOrFail();
            RealProgram.of("mv", pipe.toString(), proxy.config().toString()).runOrFail();
            proxy.signal("HUP");

            String output =
                    Await.value("it is refused", PATIENCE, proxy::output, text -> text.contains("stays in force"));
            assertMatches(output, ".* ERROR command line: .* is a pipe, .*: put a file in its place");
            proxy.terminate();
        }
    }

    @Test
    @RequiresProgram("bash")
    void shouldTakeItsConfigurationOutOfAPipe() throws Exception {
        int adminPort = Ports.free();
        Path config = Files.writeString(
                folder.resolve("proxy.yaml"),
                "admin: { port: " + adminPort + " }\ndata-dir: " + folder + "\n" + services("one"));
        List<String> command = new ArrayList<>(List.of("bash", "-c", "exec \"${@:2}\" <(cat \"$1\")", "bash"));
        command.add(config.toString());
        command.addAll(ProxyLauncher.commandLine("run", "--config"));
        try (RealProgram.Running proxy = RealProgram.of(command).start()) {
            Await.until("it is ready", PATIENCE, () -> get(adminPort, "/readyz").equals("ready\n"));

            proxy.signal("HUP");

            Await.until(
                    "it says that a pipe ends",
                    PATIENCE,
                    () -> proxy.err().contains("is a pipe, which can be read at the start alone"));
            assertEquals(
                    1,
                    proxy.err().lines().filter(line -> line.contains(" pipe")).count(),
                    proxy::err);
            proxy.signal("TERM");
            assertEquals(0, proxy.await(PATIENCE).exitCode());
        }
    }

    @Test
    void shouldReloadAfterTheStartWhenItIsAskedToBeforeIt() throws Exception {
        int adminPort = Ports.free();
        Path pipe = folder.resolve("pipe");
        RealProgram.of("mkfifo", pipe.toString()).runOrFail();
        try (RealProgram.Running proxy = RealProgram.of(ProxyLauncher.commandLine("run", "--config", pipe.toString()))
                .start()) {
            // Opens once the proxy has opened the other end: from then on it reads its configuration.
            try (Writer config = Files.newBufferedWriter(pipe)) {
                proxy.signal("HUP");
                config.write("admin: { port: " + adminPort + " }\ndata-dir: " + folder + "\n" + services("one"));
            }

            Await.until("it is ready", PATIENCE, () -> get(adminPort, "/readyz").equals("ready\n"));
            Await.until(
                    "it does as it was asked to", PATIENCE, () -> proxy.err().contains("SIGHUP: refused"));
            proxy.signal("TERM");
            assertEquals(0, proxy.await(PATIENCE).exitCode());
        }
    }

    @Test
    void shouldReloadWhenAConfigMapIsSwapped() throws Exception {
        int adminPort = Ports.free();
        mount("first", adminPort, services("one"));
        Path config = Files.createSymbolicLink(folder.resolve("proxy.yaml"), Path.of("..data/proxy.yaml"));
        RealProgram program = RealProgram.of(ProxyLauncher.commandLine("run", "--config", config.toString()));
        try (RealProgram.Running proxy = program.start()) {
            Await.until("it is ready", PATIENCE, () -> get(adminPort, "/readyz").equals("ready\n"));

            mount("second", adminPort, services("one", "two"));

            Await.until(
                    "the new service is there",
                    PATIENCE,
                    () -> get(adminPort, "/status").contains("\"name\" : \"two\""));
            proxy.signal("TERM");
            assertEquals(0, proxy.await(PATIENCE).exitCode());
        }
    }

    @Test
    void shouldDrainOnSigtermAndEndWithZero() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start()) {
            InetSocketAddress address = proxy.tcp("one");
            try (Socket live = connect(proxy, "one")) {
                assertTrue(echoes(live));

                proxy.signal("TERM");

                Await.until(
                        "it is not ready any more",
                        PATIENCE,
                        () -> proxy.get("/readyz").code() == 503);
                Await.until("it accepts no more", PATIENCE, () -> refuses(address));
                assertEquals(200, proxy.get("/healthz").code());
                assertTrue(echoes(live), "a live connection must be let end by itself");
                assertTrue(proxy.running().isAlive());
            }
            proxy.awaitCleanEnd();
        }
    }

    @Test
    void shouldEndByItselfAtTheDrainTimeout() throws IOException {
        String engine = "engine: { drain-timeout: 200ms }\n";
        try (ProxyProcess proxy = ProxyProcess.with(engine + services("one")).start();
                Socket live = connect(proxy, "one")) {
            assertTrue(echoes(live));

            proxy.signal("INT");

            proxy.awaitCleanEnd();
            assertTrue(proxy.output().contains("SIGINT: draining, 200 ms at the most"), proxy.output());
        }
    }

    @Test
    void shouldEndAtOnceAtTheSecondSigint() throws IOException {
        try (ProxyProcess proxy = ProxyProcess.with(services("one")).start();
                Socket live = connect(proxy, "one")) {
            assertTrue(echoes(live));
            proxy.signal("INT");
            Await.until("it drains", PATIENCE, () -> proxy.output().contains("SIGINT: draining"));

            proxy.signal("INT");

            assertEquals(130, proxy.awaitEnd().exitCode());
            proxy.assertNoStackTrace();
        }
    }

    @Test
    @RequiresProgram("socat")
    void shouldTellSystemdWhatItDoes() {
        Path socket = folder.resolve("notify");
        try (RealProgram.Running systemd =
                RealProgram.of("socat", "-u", "UNIX-RECV:" + socket, "STDOUT").start()) {
            Await.until("somebody listens", PATIENCE, () -> Files.exists(socket));
            try (ProxyProcess proxy = ProxyProcess.with(services("one"))
                    .under("env", "NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=100000")
                    .start()) {
                Await.until(
                        "it tells that it is ready",
                        PATIENCE,
                        () -> systemd.out().startsWith("READY=1\n"));
                Await.until(
                        "it feeds the watchdog", PATIENCE, () -> systemd.out().contains("WATCHDOG=1\n"));
                proxy.reload(services("two"));
                Await.value(
                        "it tells of the reload",
                        PATIENCE,
                        systemd::out,
                        told -> Pattern.compile("RELOADING=1\nMONOTONIC_USEC=\\d+\n.*READY=1\n", Pattern.DOTALL)
                                .matcher(told)
                                .find());
                proxy.terminate();
                Await.until("it tells of the end", PATIENCE, () -> systemd.out().contains("STOPPING=1\n"));
            }
        }
    }

    @Test
    void shouldRunByFlagsAlone() {
        int port = Ports.free();
        int adminPort = Ports.free();
        List<String> command = ProxyLauncher.commandLine(
                "run",
                "--backend=127.0.0.1:" + backend.port(),
                "--listen-port=" + port,
                "--admin-port=" + adminPort,
                "--data-dir=" + folder);
        try (RealProgram.Running proxy = RealProgram.of(command).start()) {
            Await.until("it relays", PATIENCE, () -> relays(new Socket(backend.address(), port)));
            proxy.signal("HUP");
            Await.until(
                    "it says that there is no file", PATIENCE, () -> proxy.err().contains("there is no file"));
            proxy.signal("TERM");

            RealProgram.Outcome outcome = proxy.await(PATIENCE);
            assertEquals(0, outcome.exitCode(), outcome::all);
            assertFalse(outcome.all().contains("\tat "), outcome::all);
        }
    }

    @Test
    void shouldChangeTheLogLevelWithAReload() {
        try (ProxyProcess proxy =
                ProxyProcess.with("log-level: error\n" + services("one")).start()) {
            assertEquals("", proxy.output());

            proxy.reload(services("one", "two"));

            Await.until("it speaks", PATIENCE, () -> proxy.output().contains("reloaded, 2 services"));
        }
    }

    private String services(String... names) {
        StringBuilder yaml = new StringBuilder("services:\n");
        for (String name : names) {
            yaml.append("  - name: ").append(name).append('\n');
            yaml.append("    listen: tcp://127.0.0.1:0\n");
            yaml.append("    backends: [ { id: b, address: \"127.0.0.1:")
                    .append(backend.port())
                    .append("\" } ]\n");
        }
        return yaml.toString();
    }

    /** Mounts a ConfigMap as Kubernetes does: a new folder, then the link that leads to it swapped. */
    private void mount(String version, int adminPort, String services) throws IOException {
        Path content = Files.createDirectory(folder.resolve(".." + version));
        Files.writeString(
                content.resolve("proxy.yaml"),
                "admin: { port: " + adminPort + " }\ndata-dir: " + folder + "\n" + services);
        Path link = Files.createSymbolicLink(folder.resolve("..data_tmp"), content.getFileName());
        Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String get(int port, String path) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + port + path);
            return http.send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.ofString())
                    .body();
        }
    }

    private static Socket connect(ProxyProcess proxy, String service) throws IOException {
        InetSocketAddress address = proxy.tcp(service);
        Socket socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    /** Sends one byte and waits for it to come back; leaves the socket open. */
    private static boolean echoes(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        return socket.getInputStream().read() == 'x';
    }

    /** The same, and closes the socket. */
    private static boolean relays(Socket socket) throws IOException {
        try (socket) {
            return echoes(socket);
        }
    }

    private static boolean refuses(InetSocketAddress address) throws IOException {
        try (Socket _ = new Socket(address.getAddress(), address.getPort())) {
            return false;
        } catch (ConnectException _) {
            return true;
        }
    }

    private static void assertMatches(String output, String line) {
        assertTrue(
                output.lines().anyMatch(each -> each.matches(line)), () -> "no line like " + line + " in\n" + output);
    }
}

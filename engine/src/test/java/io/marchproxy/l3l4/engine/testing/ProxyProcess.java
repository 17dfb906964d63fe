package io.marchproxy.l3l4.engine.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/**
 * The proxy as its users run it: a process of its own. Closing it is a test in itself: it must come to rest, its books
 * must balance to the byte, SIGTERM must end it with exit code 0, and it must not have shown anybody a stack trace.
 */
public final class ProxyProcess implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration REST = Duration.ofSeconds(20);
    private static final Duration STOP = Duration.ofSeconds(45);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Path config;
    private final int adminPort;
    private final @Nullable TestNetwork network;
    private RealProgram.@Nullable Running process;
    private boolean killed;
    private boolean ended;

    ProxyProcess(Path folder, Path config, int adminPort, @Nullable TestNetwork network) {
        this.folder = folder;
        this.config = config;
        this.adminPort = adminPort;
        this.network = network;
    }

    /** Begins to describe a proxy by its configuration, all but the admin address, which is given. */
    public static ProxyLauncher with(String configuration) {
        return new ProxyLauncher(configuration);
    }

    void started(RealProgram.Running running) {
        process = running;
    }

    void awaitReady() {
        Await.until("the proxy is ready: " + config, START, () -> {
            if (!running().isAlive()) {
                throw new AssertionFailedError(
                        "it ended before it was ready: " + running().await(START));
            }
            return get("/readyz").code() == 200;
        });
    }

    /** Replaces the configuration file at once, as an editor does; does not tell the process. */
    public void writeConfig(String configuration) {
        String text = "admin: { address: 127.0.0.1, port: " + adminPort + " }\n"
                + "# data-dir is ./data of the folder that it runs in\n" + configuration;
        try {
            Path draft = Files.writeString(folder.resolve("proxy.yaml.new"), text);
            Files.move(draft, config, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Replaces the configuration by another, sends SIGHUP and waits until it is in force. The watched file may bring a reload
     * of its own, also of what stood there before: the hash says which was read, the count that it is through.
     */
    public void reload(String configuration) {
        ProxyStatus before = status();
        long[] reloads = {before.reloads()};
        writeConfig(configuration);
        signal("HUP");
        Await.value("the new configuration is in force", START, this::status, now -> {
            if (now.configurationHash().equals(before.configurationHash())) {
                reloads[0] = now.reloads();
                return false;
            }
            return now.reloads() > reloads[0];
        });
    }

    public RealProgram.Running running() {
        return Objects.requireNonNull(process);
    }

    public ProcessStats stats() {
        return new ProcessStats(running().handle());
    }

    /** Standard output and standard error until now. */
    public String output() {
        return running().out() + running().err();
    }

    public Path config() {
        return config;
    }

    public int adminPort() {
        return adminPort;
    }

    public ProxyStatus status() {
        try {
            return new ProxyStatus(JSON.readTree(get("/status").body()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public InetSocketAddress tcp(String service) {
        return status().listening(service, "tcp");
    }

    public InetSocketAddress udp(String service) {
        return status().listening(service, "udp");
    }

    /** One number of {@code /metrics}: the sum over all series of this name whose line contains all these texts. */
    public double metric(String name, String... containing) {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .filter(line -> Stream.of(containing).allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Sends a signal by its name without SIG. */
    public void signal(String name) {
        running().signal(name);
    }

    /** Waits until nothing is under way and checks the books; returns the status that shows it. */
    public ProxyStatus awaitRest() {
        ProxyStatus atRest = Await.value("the proxy comes to rest", REST, this::status, ProxyStatus::quiet);
        // A status gathers from running shards; a datagram that came between two readings is no fault of the books.
        return Await.value(
                "the books balance",
                Duration.ofSeconds(5),
                this::status,
                now -> now.quiet()
                        && now.imbalances().isEmpty()
                        && now.unexpectedErrors() == atRest.unexpectedErrors());
    }

    /** Sends SIGTERM and waits for its end, which must be exit code 0. */
    public void terminate() {
        signal("TERM");
        awaitCleanEnd();
    }

    /** Waits for its end, which must be exit code 0 and without a stack trace. */
    public void awaitCleanEnd() {
        RealProgram.Outcome outcome = running().await(STOP);
        ended = true;
        assertEquals(0, outcome.exitCode(), () -> "exit code of the proxy: " + outcome);
        assertNoStackTrace();
    }

    /** Waits for its end, whatever the code. */
    public RealProgram.Outcome awaitEnd() {
        RealProgram.Outcome outcome = running().await(STOP);
        ended = true;
        return outcome;
    }

    public void assertNoStackTrace() {
        assertFalse(output().contains("\tat "), () -> "a stack trace at the user:\n" + output());
    }

    /** Kills it; closing then checks nothing. */
    public void kill() {
        killed = true;
        running().kill();
    }

    @Override
    public void close() {
        try {
            if (!killed && !ended) {
                awaitRest();
                assertEquals(0, status().unexpectedErrors(), () -> "errors that loops survived:\n" + output());
                terminate();
            }
        } catch (RuntimeException | Error e) {
            e.addSuppressed(new IllegalStateException("the proxy's output:\n" + output()));
            throw e;
        } finally {
            running().close();
            removeFolder();
        }
    }

    private void removeFolder() {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An answer of the admin server. */
    public record Answer(int code, String body) {}

    /** Asks the admin server; a fresh socket each time, made in the proxy's namespace. */
    public Answer get(String path) {
        try {
            return network == null ? ask(path) : network.inside(() -> ask(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Answer ask(String path) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(10_000);
            socket.connect(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), adminPort), 5_000);
            OutputStream out = socket.getOutputStream();
            out.write(("GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            int body = answer.indexOf("\r\n\r\n");
            return new Answer(Integer.parseInt(answer.substring(9, 12)), answer.substring(body + 4));
        }
    }
}

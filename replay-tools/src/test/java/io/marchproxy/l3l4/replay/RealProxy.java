package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service as a process of its own, which can be killed. */
final class RealProxy implements AutoCloseable {
    private static final int STOP_SECONDS = 60;

    /** Below what the kernel hands out, which begins at 32,768 unless told otherwise. */
    private static final int LOWEST = 12_000;

    private static final int PORTS = 19_000;
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % PORTS));

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path logFile;
    private final int admin;
    private final Process process;

    /**
     * Starts it, and waits until it is ready.
     *
     * @param configuration without data-dir and admin
     */
    RealProxy(Path data, String configuration) throws IOException {
        admin = freePort();
        logFile = data.resolve("proxy.log");
        Path config = Files.writeString(
                data.resolve("proxy.yaml"),
                "data-dir: %s\nadmin: { port: %d }\n%s".formatted(data, admin, configuration));
        process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "@" + Path.of(System.getProperty("project.root"), "bin", "jvm.flags"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.marchproxy.l3l4.engine.Main",
                        "run",
                        "--config",
                        config.toString()))
                .redirectErrorStream(true)
                .redirectOutput(logFile.toFile())
                .start();
        Recording.await("the proxy is ready", () -> {
            assertTrue(process.isAlive(), this::log);
            return ask("/readyz").startsWith("200");
        });
    }

    /** A counter, by its name with its labels as the page writes them. */
    long metric(String name) {
        String page = ask("/metrics");
        Matcher line = Pattern.compile("^" + Pattern.quote(name) + " ([0-9.eE+]+)$", Pattern.MULTILINE)
                .matcher(page);
        assertTrue(line.find(), page);
        return (long) Double.parseDouble(line.group(1));
    }

    private String ask(String path) {
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() + "\n" + answer.body();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What it said. */
    String log() {
        try {
            return Files.readString(logFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills it as {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Stops it as a supervisor does. */
    void stop() throws InterruptedException {
        process.destroy();
        assertTrue(process.waitFor(STOP_SECONDS, TimeUnit.SECONDS), this::log);
        assertEquals(0, process.exitValue(), this::log);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** A port that is free for TCP and UDP, of those that the kernel gives to no client's socket by itself, and none twice. */
    static int freePort() {
        while (true) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), PORTS);
            try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket _ = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (IOException taken) {
                // the next one then
            }
        }
    }
}

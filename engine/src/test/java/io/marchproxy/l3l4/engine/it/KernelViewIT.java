package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ForeignSockets;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was asked of the kernel, looked up at the kernel's. */
class KernelViewIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** They are connections to the backend as well. */
    private static final String WITHOUT_PROBES = "\n    health: { protocol: none }";

    private static final List<String> ROLES = List.of("io", "stages", "egress");

    @ParameterizedTest
    @ValueSource(strings = {"run-to-completion", "pipelined"})
    void shouldPinEachThreadOfAShardToItsCpuAlone(String mode) {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                relay("shards: 2, pin-threads: true, mode: " + mode, "", backend.port()))
                        .start()) {
            Map<String, String> wanted = wanted(proxy.status().json());
            assertEquals(mode.equals("pipelined") ? 6 : 2, wanted.size());
            Await.value(
                    "pinned as /status says: " + wanted,
                    LIMIT,
                    () -> allowed(proxy, "shard-"),
                    found -> found.equals(wanted));
            if (Runtime.getRuntime().availableProcessors() > 1) {
                assertTrue(Set.copyOf(wanted.values()).size() > 1, () -> "all on one CPU: " + wanted);
            }
        }
    }

    @Test
    void shouldLeaveThreadsToTheSchedulerWhenNotAskedToPin() {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(relay("shards: 2", "", backend.port()))
                        .start()) {
            String process = allowed(proxy, "").getOrDefault("java", "none");
            assertEquals(Map.of("shard-0-io", process, "shard-1-io", process), new HashMap<>(allowed(proxy, "shard-")));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @RequiresRoot
    void shouldSetNoDelayTowardsClientAndBackendAsConfigured(boolean noDelay) throws Exception {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                relay("shards: 1", "tcp-no-delay: " + noDelay + WITHOUT_PROBES, backend.port()))
                        .start()) {
            InetSocketAddress address = proxy.tcp("relay");
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                client.getOutputStream().write(42);
                assertEquals(42, client.getInputStream().read());
                ProcessHandle process = proxy.running().handle();
                assertEquals(
                        List.of(noDelay),
                        ForeignSockets.noDelay(process, (local, remote) -> local == address.getPort()));
                assertEquals(
                        List.of(noDelay), ForeignSockets.noDelay(process, (local, remote) -> remote == backend.port()));
            }
        }
    }

    @Test
    @RequiresProgram("ss")
    void shouldListenWithTheConfiguredBacklogOnEveryShard() {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(relay("shards: 2", "backlog: 77", backend.port()))
                        .start()) {
            String sockets = RealProgram.of(
                            "ss", "-tlnH", "sport = :" + proxy.tcp("relay").getPort())
                    .runOrFail()
                    .out();
            List<String> backlogs =
                    sockets.lines().map(line -> line.strip().split("\\s+")[2]).toList();
            assertEquals(List.of("77", "77"), backlogs, sockets);
        }
    }

    /** Thread names with the CPU that {@code /status} says each has. */
    private static Map<String, String> wanted(JsonNode status) {
        Map<String, String> cpus = new TreeMap<>();
        List<String> roles = status.path("mode").asText().equals("pipelined") ? ROLES : ROLES.subList(0, 1);
        for (JsonNode shard : status.path("shards")) {
            JsonNode own = shard.path("cpus");
            for (int i = 0; i < roles.size(); i++) {
                cpus.put(
                        "shard-" + shard.path("id").asInt() + "-" + roles.get(i),
                        own.path(i % own.size()).asText());
            }
        }
        return cpus;
    }

    /** Threads whose names begin so, with the CPUs that the kernel allows them. */
    private static Map<String, String> allowed(ProxyProcess proxy, String prefix) {
        Map<String, String> cpus = new TreeMap<>();
        Path tasks = Path.of("/proc", Long.toString(proxy.running().handle().pid()), "task");
        try (Stream<Path> all = Files.list(tasks)) {
            for (Path task : all.toList()) {
                addAllowed(task, prefix, cpus);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cpus;
    }

    private static void addAllowed(Path task, String prefix, Map<String, String> cpus) throws IOException {
        try {
            String name = Files.readString(task.resolve("comm")).strip();
            if (name.startsWith(prefix)) {
                cpus.put(name, field(Files.readString(task.resolve("status")), "Cpus_allowed_list"));
            }
        } catch (NoSuchFileException ended) {
            // The JVM ends compiler threads that have nothing to do.
        } catch (FileSystemException e) {
            // A thread that ends between opening and reading: ESRCH.
            if (Files.exists(task)) {
                throw e;
            }
        }
    }

    private static String field(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    private static String relay(String engine, String more, int backendPort) {
        return """
                engine: { %s }
                services:
                  - name: relay
                    listen: tcp://127.0.0.1:0
                    %s
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(engine, more, backendPort);
    }
}

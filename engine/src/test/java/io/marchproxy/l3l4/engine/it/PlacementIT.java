package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.CallsRefused.Refusal;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the machine does not give is told in one line, and traffic flows all the same. */
@RequiresProgram("taskset")
class PlacementIT {
    private static final int FIRST_CPU = firstCpu();

    @Test
    void shouldRunOnASingleCpuAndRefuseToSpinThere() {
        serve(
                onOneCpu("engine: { mode: auto, spin: 50us }"),
                List.of("engine.spin: turned off, since 1 thread would spin on 1 CPU and leave none free"),
                status -> {
                    assertEquals("run-to-completion", status.at("/mode").asText());
                    assertEquals(1, status.at("/shards").size());
                    assertEquals("" + FIRST_CPU, status.at("/placement/cpus").asText());
                    assertEquals(0, status.at("/placement/spin_seconds").asDouble());
                });
    }

    @Test
    void shouldRunMoreShardsThanCpus() {
        serve(
                onOneCpu("engine: { shards: 5, max-flows: 1000, pin-threads: true }"),
                List.of("engine.shards: 5 shards on 1 CPU that this process may use: they share"),
                status -> assertEquals(5, status.at("/shards").size()));
    }

    @Test
    void shouldRunPipelinedOnASingleCpuWhenTold() {
        serve(
                onOneCpu("engine: { shards: 1, mode: pipelined }"),
                List.of("engine.mode: 1 shard of three threads on 1 CPU that this process may use: they share"),
                status -> assertEquals(
                        "as configured", status.at("/placement/reason").asText()));
    }

    @Test
    void shouldFallBackWhereThereIsNoMemoryForTheRings() {
        serve(
                with("engine: { shards: 2, max-flows: 1000 }").without(Refusal.LARGE_RINGS),
                List.of("io_uring has no ring for each of 2 shards", "using epoll"),
                status -> assertEquals("epoll", status.at("/transport").asText()));
    }

    @Test
    void shouldSayThatOneNodeIsNothingToPlaceBetween() {
        serve(
                onOneCpu("engine: { numa: true, shards: 1 }"),
                List.of("engine.numa: there is one node for this process"),
                status -> {
                    assertEquals(1, status.at("/placement/nodes").size());
                    assertEquals(0, status.at("/placement/nodes/0/shards/0").asInt(-1));
                    assertTrue(status.at("/placement/nodes/0/memory_bound").asBoolean());
                    assertEquals("off", status.at("/placement/steering").asText());
                    assertEquals(FIRST_CPU, status.at("/shards/0/cpus/0").asInt(-1));
                });
    }

    @Test
    void shouldSayThatMemoryMayNotBeBoundAndServeOn() {
        serve(
                with("engine: { numa: true, shards: 2, max-flows: 1000 }").without(Refusal.MEMORY_POLICY),
                List.of("engine.numa: the kernel does not bind memory to node 0: EPERM"),
                status ->
                        assertFalse(status.at("/placement/nodes/0/memory_bound").asBoolean(true)));
    }

    /** A thread spins only while that pays: at rest it costs next to nothing, though its budget is the longest there is. */
    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll", "nio"})
    void shouldComeToRestAfterItsBudget(String transport) {
        String engine = "engine: { shards: 1, mode: run-to-completion, spin: 10ms, transport: " + transport + " }";
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = with(engine, backend).start()) {
            Await.until("it serves", Duration.ofSeconds(10), () -> echoes(proxy));
            double spin = proxy.status().json().at("/placement/spin_seconds").asDouble();
            assertEquals(Runtime.getRuntime().availableProcessors() > 1 ? 0.01 : 0, spin, 1e-9);
            // The JIT compiler and the JVM's own start take a while to settle; a loop that spins on never would.
            Duration second = Duration.ofSeconds(1);
            Await.until("a second at rest costs less than a fifth of a CPU", Duration.ofSeconds(30), () -> {
                Duration before = proxy.stats().cpuTime();
                long beganNs = System.nanoTime();
                Await.until(
                        "a second has passed",
                        Duration.ofSeconds(5),
                        () -> System.nanoTime() - beganNs > second.toNanos());
                return proxy.stats().cpuTime().minus(before).compareTo(second.dividedBy(5)) < 0;
            });
        }
    }

    private interface Check {
        void of(JsonNode status);
    }

    private static ProxyLauncher onOneCpu(String engine) {
        return with(engine).under("taskset", "-c", "" + FIRST_CPU);
    }

    /** The first that this process may use: a container's is not always 0. */
    private static int firstCpu() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.replaceFirst("\\D+(\\d+).*", "$1"))
                    .mapToInt(Integer::parseInt)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ProxyLauncher with(String engine) {
        return ProxyProcess.with(engine);
    }

    private static ProxyLauncher with(String engine, TcpBackend backend) {
        return ProxyProcess.with(engine + "\n" + service(backend));
    }

    private static void serve(ProxyLauncher launcher, List<String> told, Check check) {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = launcher.adding(service(backend)).start()) {
            Await.until("it serves", Duration.ofSeconds(10), () -> echoes(proxy));
            // Its output comes through a pipe, and may be read later than it serves.
            Await.value(
                    "it is told",
                    Duration.ofSeconds(20),
                    proxy::output,
                    output -> output.contains("ready after") && told.stream().allMatch(output::contains));
            for (String text : told) {
                assertEquals(
                        1,
                        proxy.output()
                                .lines()
                                .filter(line -> line.contains(text))
                                .count(),
                        () -> text + " in one line of: " + proxy.output());
            }
            check.of(proxy.status().json());
        }
    }

    private static String service(TcpBackend backend) {
        return "services:\n  - { name: web, listen: 'tcp://127.0.0.1:0', backends: [ { address: '127.0.0.1:"
                + backend.port() + "' } ] }\n";
    }

    private static boolean echoes(ProxyProcess proxy) throws Exception {
        try (Socket client = new Socket()) {
            client.setSoTimeout(5_000);
            client.connect(proxy.tcp("web"), 5_000);
            client.getOutputStream().write(42);
            return client.getInputStream().read() == 42;
        }
    }
}

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
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the machine does not give is told in one line, and traffic flows all the same. */
@RequiresProgram("taskset")
class PlacementIT {
    private static final String FIRST_CPU = "0";

    @Test
    void shouldRunOnASingleCpuAndRefuseToSpinThere() {
        serve(
                with("engine: { mode: auto, spin: 50us }").under("taskset", "-c", FIRST_CPU),
                List.of("engine.spin: turned off, since 1 thread would spin on 1 CPU and leave none free"),
                status -> {
                    assertEquals("run-to-completion", status.at("/mode").asText());
                    assertEquals(1, status.at("/shards").size());
                    assertEquals(FIRST_CPU, status.at("/placement/cpus").asText());
                    assertEquals(0, status.at("/placement/spin_seconds").asDouble());
                });
    }

    @Test
    void shouldRunMoreShardsThanCpus() {
        serve(
                with("engine: { shards: 5, max-flows: 1000, pin-threads: true }")
                        .under("taskset", "-c", FIRST_CPU),
                List.of("engine.shards: 5 shards on 1 CPU that this process may use: they share"),
                status -> assertEquals(5, status.at("/shards").size()));
    }

    @Test
    void shouldRunPipelinedOnASingleCpuWhenTold() {
        serve(
                with("engine: { shards: 1, mode: pipelined }").under("taskset", "-c", FIRST_CPU),
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
                with("engine: { numa: true, shards: 1 }").under("taskset", "-c", FIRST_CPU),
                List.of("engine.numa: there is one node for this process"),
                status -> {
                    assertEquals(1, status.at("/placement/nodes").size());
                    assertEquals(0, status.at("/placement/nodes/0/shards/0").asInt(-1));
                    assertTrue(status.at("/placement/nodes/0/memory_bound").asBoolean());
                    assertEquals("off", status.at("/placement/steering").asText());
                    assertEquals(0, status.at("/shards/0/cpus/0").asInt(-1));
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

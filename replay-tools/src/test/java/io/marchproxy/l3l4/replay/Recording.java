package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.status.StatusReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A day in a proxy's life, recorded: traffic, a reload, a backend that dies and comes back, sessions beyond their cap, connections
 * beyond theirs, a service whose backend never lives, one that has less than it is sent, datagrams that are too long, and a flood.
 */
final class Recording {
    /** UDP payload at the most (RFC 768, RFC 791). */
    private static final int LONGEST_IPV4 = 65_507;

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Path data;
    private final String engine;
    private final String[] rates;

    /**
     * A recording to come.
     *
     * @param data the data folder
     * @param engine the engine section's content but the journal
     */
    Recording(Path data, String engine) {
        this(data, engine, "", "", "");
    }

    private Recording(Path data, String engine, String... rates) {
        this.data = data;
        this.engine = engine;
        this.rates = rates;
    }

    /** The same, of services that have less than they want: packets wait and are dropped, and the reload changes each rate. */
    static Recording saturated(Path data, String engine) {
        return new Recording(
                data,
                engine,
                "link-rate: 40Mbit, classes: { P0: { ceiling: 8Mbit }, P3: { queue: 100 } },",
                "rate: { to-backend: 30Mbit, to-client: 25Mbit }",
                "rate: 4Mbit");
    }

    String configuration(int first, int second, String trafficClass, int sessions) {
        return """
                data-dir: %s
                admin: { port: 0 }
                engine: { %s, journal: { mode: packets, max-size: 1GB, snap: 32B } }
                qos: { %s rules: [ { match: { protocol: udp }, class: %s } ] }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                    %s
                    health: { protocol: tcp, interval: 50ms, timeout: 50ms }
                    backends: [ { id: a, address: "127.0.0.1:%d" }, { id: b, address: "127.0.0.1:%d" } ]
                  - name: dns
                    listen: udp://127.0.0.1:0
                    %s
                    session-timeout: 1s
                    max-sessions: %d
                    session-overflow: evict-oldest
                    backends: [ { id: c, address: "127.0.0.1:%d" }, { id: d, address: "127.0.0.1:%d" } ]
                  - name: few
                    listen: udp://127.0.0.1:0
                    session-timeout: 100ms
                    max-sessions: 2
                    session-overflow: reject
                    backends: [ { id: e, address: "127.0.0.1:%d" } ]
                  - name: slow
                    listen: udp://127.0.0.1:0
                    rate: 200kbit
                    backends: [ { id: h, address: "127.0.0.1:%d" } ]
                  - name: wide
                    listen: "udp://[::1]:0"
                    backends: [ { id: i, address: "127.0.0.1:%d" } ]
                  - name: lonely
                    listen: tcp://127.0.0.1:0
                    health: { protocol: tcp, interval: 50ms, timeout: 50ms }
                    backends: [ { id: f, address: "127.0.0.1:1" } ]
                  - name: narrow
                    listen: tcp://127.0.0.1:0
                    max-connections: 1
                    backends: [ { id: g, address: "127.0.0.1:%d" } ]
                """.formatted(
                        data,
                        engine,
                        rates[0],
                        trafficClass,
                        rates[1],
                        first,
                        second,
                        rates[2],
                        sessions,
                        first,
                        second,
                        first,
                        first,
                        first,
                        first);
    }

    /**
     * Lives through it.
     *
     * @param packets that the proxy handles at the least, both ways together
     */
    void make(int packets) throws Exception {
        Echo mortal = new Echo(0);
        int port = mortal.port();
        try (Echo first = new Echo(0);
                ProxyService proxy = ProxyService.start(read(configuration(first.port(), port, "P3", 1000)));
                Clients clients = new Clients(port(proxy, "web"), port(proxy, "dns"));
                Flood flood = new Flood(port(proxy, "dns"), port(proxy, "few"), port(proxy, "slow"));
                Clients refused = new Clients(port(proxy, "narrow"), port(proxy, "few"));
                Clients turnedAway = new Clients(port(proxy, "lonely"), port(proxy, "few"))) {
            assertTrue(flood.isRunning());
            await("traffic", () -> handled(proxy) > packets / 4 && clients.exchanges() > 50 && refused.exchanges() > 0);
            assertEquals(0, turnedAway.exchanges());
            await(
                    "a datagram that is too long for its backend",
                    () -> sendsTooMuch(proxy.listening("wide").getFirst()) && dropped(proxy, "oversized") > 0);
            for (String reason : List.of("queue-full", "session-cap", "connection-cap", "no-healthy-backend")) {
                await("a drop for " + reason, () -> dropped(proxy, reason) > 0);
            }
            mortal.close();
            await("traffic past a dead backend", () -> handled(proxy) > packets / 2 && isHealthy(proxy, false));
            // Twice the rates, if there are any.
            proxy.reload(read(configuration(first.port(), port, "P0", 6)
                    .replace("40Mbit", "80Mbit")
                    .replace("30Mbit", "60Mbit")
                    .replace("25Mbit", "50Mbit")
                    .replace("4Mbit", "8Mbit")));
            try (Echo returned = new Echo(port)) {
                await("traffic to one that came back", () -> handled(proxy) > packets && isHealthy(proxy, true));
                assertEquals(port, returned.port());
            }
        }
    }

    private static int port(ProxyService proxy, String service) {
        return proxy.listening(service).getFirst().getPort();
    }

    /** Sends over IPv6 what IPv4 has no room for. */
    private static boolean sendsTooMuch(InetSocketAddress to) {
        try (DatagramSocket socket = new DatagramSocket()) {
            byte[] bytes = new byte[LONGEST_IPV4 + 1];
            socket.send(new DatagramPacket(bytes, bytes.length, to));
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Packets that were dropped for a reason. */
    private static long dropped(ProxyService proxy, String reason) {
        return ask(
                proxy,
                0L,
                report -> report.books().stream()
                        .flatMap(line -> line.drops().stream())
                        .filter(drop -> drop.reason().equals(reason))
                        .mapToLong(StatusReport.DropLine::packets)
                        .sum());
    }

    /** Packets that came in, both ways. */
    private static long handled(ProxyService proxy) {
        return ask(
                proxy,
                0L,
                report -> report.books().stream()
                        .mapToLong(StatusReport.BooksLine::inPackets)
                        .sum());
    }

    private static boolean isHealthy(ProxyService proxy, boolean wanted) {
        return ask(
                proxy,
                false,
                report -> wanted
                        == report.backends().stream()
                                .filter(backend -> !backend.service().equals("lonely"))
                                .allMatch(StatusReport.BackendStatus::healthy));
    }

    /** What the report says; where a shard is too busy to answer in time, something else instead: it is asked again. */
    private static <T> T ask(ProxyService proxy, T otherwise, Function<StatusReport, T> question) {
        try {
            return question.apply(proxy.status());
        } catch (CompletionException e) {
            return otherwise;
        }
    }

    private ProxySettings read(String text) throws IOException {
        Path file = Files.writeString(data.resolve("proxy.yaml"), text);
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, what + ": did not come in time");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}

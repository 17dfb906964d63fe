package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a backend may have, and a service may spend, is one for all shards: by real sockets, which the kernel spreads as it likes. Probes
 * would be connections, too.
 */
@Timeout(120)
class ShardSharesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CAP = 8;
    private static final int ANSWER = 500;

    /** Connections in a row that all shards are met by, but once in a thousand billion times. */
    private static final int IN_A_ROW = 100;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void shouldNeitherExceedNorStrandWhatABackendMayHave(int shards) throws Exception {
        AtomicInteger most = new AtomicInteger();
        AtomicInteger live = new AtomicInteger();
        List<Socket> clients = new ArrayList<>();
        try (TcpBackend small = TcpBackend.serving(client -> {
                    most.accumulateAndGet(live.incrementAndGet(), Math::max);
                    try {
                        TcpBackend.echo(client);
                    } finally {
                        live.decrementAndGet();
                    }
                });
                TcpBackend large = TcpBackend.echo();
                ProxyService proxy = start(shards, "round-robin", "", small, ", max-connections: " + CAP, large)) {
            Await.until("all that it may have is used", PATIENCE, () -> {
                clients.add(echoed(proxy));
                return live.get() == CAP;
            });
            for (int i = 0; i < 4 * CAP; i++) {
                clients.add(echoed(proxy));
            }
            assertEquals(CAP, most.get(), "never more, though each shard would take its turn");
            for (Socket client : clients) {
                client.close();
            }
            clients.clear();
            Await.until("they end", PATIENCE, () -> live.get() == 0);
            Await.until("and it is used again", PATIENCE, () -> {
                clients.add(echoed(proxy));
                return live.get() == CAP;
            });
            assertEquals(CAP, most.get());
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void shouldSpendTheDaysMoneyOnceAndNotInEachShard(int shards) throws Exception {
        try (TcpBackend dear = TcpBackend.serving(client -> answer(client, 'd'));
                TcpBackend cheap = TcpBackend.serving(client -> answer(client, 'c'));
                ProxyService proxy = start(
                        shards,
                        "failover",
                        "routing: { daily-budget: 0.02 }",
                        dear,
                        ", priority: 1, cost-per-gb: 1000",
                        cheap)) {
            int[] answers = {0};
            int[] cheapInARow = {0};
            Await.until("no shard takes the dear one any more", PATIENCE, () -> {
                boolean isDear = asked(proxy) == 'd';
                answers[0] += isDear ? 1 : 0;
                cheapInARow[0] = isDear ? 0 : cheapInARow[0] + 1;
                return cheapInARow[0] == IN_A_ROW;
            });
            assertTrue(answers[0] >= 0.02 / (ANSWER * 1e-6), "of the budget nothing is left: " + answers[0]);
            double spent = proxy.status().clouds().routing().getFirst().spentToday();
            assertEquals(answers[0] * ANSWER * 1e-6, spent, 1e-9, "what all shards have spent, each byte once");
        }
    }

    private ProxyService start(
            int shards, String algorithm, String routing, TcpBackend first, String ofFirst, TcpBackend second)
            throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), """
                data-dir: %s/data
                admin: { port: 0 }
                engine: { shards: %d, max-flows: 10000 }
                services:
                  - name: web
                    listen: "tcp://127.0.0.1:0"
                    algorithm: %s
                    health: { protocol: none }
                    %s
                    backends:
                      - { id: first, address: "127.0.0.1:%d"%s }
                      - { id: second, address: "127.0.0.1:%d" }
                """.formatted(
                        folder, shards, algorithm, routing, first.port(), ofFirst, second.port()));
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertEquals(List.of(), result.faults());
        return ProxyService.start(result.settings().orElseThrow());
    }

    private static Socket connect(ProxyService proxy) throws IOException {
        InetSocketAddress address = proxy.listening("web").getFirst();
        Socket client = new Socket(address.getAddress(), address.getPort());
        client.setSoTimeout((int) PATIENCE.toMillis());
        client.getOutputStream().write(1);
        return client;
    }

    private static Socket echoed(ProxyService proxy) throws IOException {
        Socket client = connect(proxy);
        assertEquals(1, client.getInputStream().read());
        return client;
    }

    private static int asked(ProxyService proxy) throws IOException {
        try (Socket client = connect(proxy)) {
            return client.getInputStream().readAllBytes()[0];
        }
    }

    private static void answer(Socket client, char name) throws IOException {
        if (client.getInputStream().read() >= 0) {
            byte[] bytes = new byte[ANSWER];
            bytes[0] = (byte) name;
            client.getOutputStream().write(bytes);
            client.shutdownOutput();
            client.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        }
    }
}

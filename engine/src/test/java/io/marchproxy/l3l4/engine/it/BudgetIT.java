package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A day's money is spent but once, however often the service is killed on that day. */
@Timeout(120)
class BudgetIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** More than the budget buys. */
    private static final int BYTES = 3_000;

    private static final String SPENT = "service web/tcp has spent its daily budget";

    @TempDir
    Path data;

    @Test
    void shouldRememberWhatWasSpentThoughItWasKilled() throws Exception {
        try (TcpBackend dear = TcpBackend.serving(client -> answer(client, 'd'));
                TcpBackend cheap = TcpBackend.serving(client -> answer(client, 'c'))) {
            String services = services(dear.port(), cheap.port(), "0.001");
            try (ProxyProcess first = ProxyProcess.with(services).start()) {
                assertEquals('d', asked(first), "the first tier, while there is money");
                Await.until("its money is spent", PATIENCE, () -> asked(first) == 'c');
                Await.until("that is written down", PATIENCE, () -> spent().contains(" web/tcp"));
                Await.until("with what was spent", PATIENCE, () -> sum() >= BYTES * 1e-6);
                Await.until("it is told", PATIENCE, () -> first.output().contains(SPENT));
                first.kill();
            }
            double before = sum();
            try (ProxyProcess second = ProxyProcess.with(services).start()) {
                assertEquals('c', asked(second), "its very first connection");
                assertTrue(second.metric("marchproxy_multicloud_budget_spent", "web") >= before, "as shown, too");
                assertEquals(1, second.metric("marchproxy_multicloud_budget_saving", "web"));
                Await.until("it is told again", PATIENCE, () -> second.output().contains(SPENT));
                second.reload(services(dear.port(), cheap.port(), "1000"));
                Await.until("there is money again", PATIENCE, () -> asked(second) == 'd');
                Await.until("that is told", PATIENCE, () -> second.output().contains("service web/tcp saves no more"));
                assertEquals(0, second.metric("marchproxy_multicloud_budget_saving", "web"));
                second.kill();
            }
            Path file = data.resolve("spent");
            byte[] whole = Files.readAllBytes(file);
            Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
            try (ProxyProcess third = ProxyProcess.with(services).start()) {
                assertTrue(third.output().contains("what was spent today counts from 0"), third::output);
                assertEquals('d', asked(third), "nothing is known of the torn one");
            }
        }
    }

    private String spent() throws IOException {
        Path file = data.resolve("spent");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    private double sum() throws IOException {
        return spent().lines()
                .filter(line -> line.endsWith(" web/tcp"))
                .mapToDouble(line -> Double.parseDouble(line.substring(0, line.indexOf(' '))))
                .sum();
    }

    private static int asked(ProxyProcess proxy) throws IOException {
        InetSocketAddress address = proxy.tcp("web");
        try (Socket client = new Socket(address.getAddress(), address.getPort())) {
            client.setSoTimeout((int) PATIENCE.toMillis());
            client.getOutputStream().write(1);
            return client.getInputStream().readAllBytes()[0];
        }
    }

    private static void answer(Socket client, char name) throws IOException {
        if (client.getInputStream().read() >= 0) {
            byte[] bytes = new byte[BYTES];
            bytes[0] = (byte) name;
            client.getOutputStream().write(bytes);
            client.shutdownOutput();
            client.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        }
    }

    private String services(int dear, int cheap, String budget) {
        return """
                data-dir: %s
                engine: { shards: 2, max-flows: 10000 }
                services:
                  - name: web
                    listen: "tcp://127.0.0.1:0"
                    algorithm: failover
                    routing: { daily-budget: %s }
                    backends:
                      - { id: dear, address: "127.0.0.1:%d", priority: 1, cost-per-gb: 1000 }
                      - { id: cheap, address: "127.0.0.1:%d", priority: 2, cost-per-gb: 0.01 }
                """.formatted(data, budget, dear, cheap);
    }
}

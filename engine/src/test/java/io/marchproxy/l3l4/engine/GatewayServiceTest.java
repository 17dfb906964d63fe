package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.status.StatusReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service of gateways in a proxy that runs: its shards have its routes, and take others over by a reload. */
@Timeout(60)
class GatewayServiceTest {
    @TempDir
    Path folder;

    private ProxySettings settings(String... routes) throws Exception {
        Files.write(folder.resolve("routes.txt"), List.of(routes));
        Path file = Files.writeString(folder.resolve("proxy.yaml"), """
                data-dir: DATA
                engine: { shards: 2, mode: run-to-completion, transport: nio, max-flows: 1000, journal: { mode: packets } }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                    health: { protocol: none }
                    backends: [ { id: only, address: 127.0.0.1:1 } ]
                  - name: transit
                    listen: ip://*
                    prefix-file: routes.txt
                    backends:
                      - { id: a, address: 192.0.2.1 }
                      - { id: b, address: 192.0.2.2 }
                """.replace(
                        "DATA", folder.resolve("data").toString()));
        var result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertEquals(List.of(), result.faults());
        return result.settings().orElseThrow();
    }

    private static String told(ProxyService proxy, int shard) {
        Explanation explanation = proxy.explain(Tuple.of("ip 192.168.0.1 10.1.2.3", 0), null, shard);
        assertNotNull(explanation);
        assertEquals("transit", explanation.service());
        return explanation.prefix() + " " + explanation.choice();
    }

    @Test
    void shouldPublishRoutesToEveryShard() throws Exception {
        try (ProxyService proxy = ProxyService.start(settings("10.0.0.0/8 a"))) {
            StatusReport.ServiceStatus transit = proxy.status().services().getLast();
            assertEquals("transit", transit.name());
            assertEquals("ip", transit.protocol());
            assertEquals(List.of("ip://*"), transit.listen());
            assertEquals("10.0.0.0/8 a", told(proxy, 0));
            assertEquals("10.0.0.0/8 a", told(proxy, 1));

            proxy.reload(settings("10.0.0.0/8 a", "10.1.0.0/16 b"));
            assertEquals("10.1.0.0/16 b", told(proxy, 0));
            assertEquals("10.1.0.0/16 b", told(proxy, 1));

            proxy.reload(settings("10.1.0.0/17 a b", "::/0 b"));
            assertEquals("10.1.0.0/17 a", told(proxy, 0));
            assertEquals(0, proxy.status().unexpectedErrors());
        }
    }
}

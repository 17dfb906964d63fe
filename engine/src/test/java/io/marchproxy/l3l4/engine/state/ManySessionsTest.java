package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More sessions than the journal's ring holds records of. */
class ManySessionsTest {
    private static final int SESSIONS = 100_000;
    private static final int CAPACITY = 150_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path data;

    @Test
    void shouldRecordAllOfThemAtTheNextStart() throws Exception {
        try (Remembered shard = new Remembered(data, settings("off"), CAPACITY)) {
            for (int i = 0; i < SESSIONS; i++) {
                shard.datagram(i + 1);
                if (i % 10_000 == 0) {
                    shard.awaitStatus(status -> status.waitingBytes() == 0);
                }
            }
        }
        try (ProxyService proxy = ProxyService.start(settings("packets"))) {
            assertEquals(
                    SESSIONS,
                    proxy.status().flowState().status().restored(),
                    () -> proxy.status().toString());
            Await.until(
                    "all are in both journals",
                    PATIENCE,
                    () -> proxy.status().journals().stream()
                            .allMatch(journal -> journal.records() >= 2 * SESSIONS || journal.lostRecords() > 0));
            List<JournalStatus> journals = proxy.status().journals();
            assertEquals(2, journals.size());
            for (JournalStatus journal : journals) {
                assertEquals(0, journal.lostRecords(), journal::toString);
            }
        }
    }

    private ProxySettings settings(String journal) throws Exception {
        Path file = Files.writeString(data.resolve("proxy.yaml"), """
                data-dir: %s
                admin: { port: 0 }
                engine: { shards: 2, max-flows: %d, journal: { mode: %s }, flow-state: { mode: on, interval: 1s } }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: w, address: "127.0.0.1:9" } ]
                  - name: dns
                    listen: udp://127.0.0.1:0
                    session-timeout: 1h
                    health: { protocol: none }
                    backends: [ { id: a, address: "127.0.0.1:9" }, { id: b, address: "127.0.0.1:9" } ]
                """.formatted(data, CAPACITY, journal));
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }
}

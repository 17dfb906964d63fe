package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.NotYet;
import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The catalogue says of keys what the settings records say: the same defaults, the same ends of ranges. */
class AgreementTest {
    @TempDir
    Path folder;

    @Test
    void shouldGiveTheRecordsDefaults() {
        ProxySettings settings = Faulty.load(folder, """
                services:
                  - { name: both, listen: [ "tcp://*:1", "udp://*:1" ], backends: [ { id: a, address: "h:1" } ] }
                  - { name: udp, listen: "udp://*:2", backends: [ { id: a, address: "h:1" } ] }
                """).settings().orElseThrow();
        ServiceSettings both = ServiceSettings.builder("both")
                .listen(Protocol.TCP, "::", 1)
                .listen(Protocol.UDP, "::", 1)
                .backend("a", "h", 1)
                .build();
        ServiceSettings udp = ServiceSettings.builder("udp")
                .listen(Protocol.UDP, "::", 2)
                .backend("a", "h", 1)
                .build();

        assertEquals(
                new ProxySettings(
                        Path.of("./data"),
                        AdminSettings.DEFAULT,
                        EngineSettings.DEFAULT,
                        QosSettings.DEFAULT,
                        List.of(both, udp),
                        ProxySettings.LogLevel.INFO,
                        settings.hash()),
                settings);
    }

    /** Both ends load, which means that the record takes them too; what lies beyond is a fault. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            engine: { shards: % } | auto | 256 | 257
            engine: { max-flows: % } | 1 | 100000000 | 100000001
            engine: { ring-size: % } | 2048 | 1048576 | 2097152
            engine: { drain-timeout: % } | 0 | 1d | 25h
            observability: { latency: { enabled: true, interval: % } } | 100ms | 1h | 2h
            observability: { latency: { enabled: true, max-size: % } } | 1MB | 1000GB | 1001GB
            admin: { port: % } | 0 | 65535 | 65536
            qos: { link-rate: % } | 8kbit | 400Gbit | 401Gbit
            qos: { classes: { P1: { ceiling: % } } } | 8kbit | 400Gbit | 7999bit
            qos: { link-rate: 400Gbit, classes: { P1: { guarantee: % } } } | 8kbit | 400Gbit | 7999bit
            qos: { classes: { P1: { weight: % } } } | 1 | 1000 | 1001
            qos: { classes: { P1: { queue: % } } } | 1 | 1000000 | 0
            qos: { classes: { P1: { dscp: % } } } | 0 | 63 | 64
            qos: { rules: [ { class: P0, dscp: % } ] } | 0 | 63 | 64
            qos: { rules: [ { class: P0, match: { source-port: % } } ] } | 0 | 65535 | 65536
            """)
    void shouldTakeBothEndsOfARange(String line, String least, String most, String beyond) {
        String good = "services: [ { name: a, listen: \"tcp://*:1\", backends: [ { address: \"h:1\" } ] } ]\n";

        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, good + line.replace("%", least))));
        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, good + line.replace("%", most))));
        assertFalse(
                Faulty.load(folder, good + line.replace("%", beyond)).faults().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            max-connections: % | 1 | 100000000 | 0
            idle-timeout: % | 0 | 365d | 366d
            backlog: % | 1 | 65535 | 65536
            buffer: % | 4KiB | 1GiB | 4095B
            session-timeout: % | 1ms | 365d | 999us
            max-sessions: % | 1 | 100000000 | 0
            replies: % | 0 | 65535 | 65536
            connect: { timeout: %, total: 1h } | 1ms | 1h | 2h
            connect: { tries: % } | 1 | 64 | 65
            connect: { timeout: 1ms, total: % } | 1ms | 1h | 2h
            accept-rate-per-client: { rate: % } | 1/s | 1000000000/s | 0/s
            accept-rate-per-client: { rate: 1/s, burst: % } | 1 | 1000000000 | 0
            rate: % | 8kbit | 400Gbit | 401Gbit
            rate: { to-backend: % } | 8kbit | 400Gbit | 7999bit
            rate: { to-client: %, to-backend: 1Gbit } | 8kbit | 400Gbit | 401Gbit
            proxy-protocol: { header-timeout: % } | 1ms | 1h | 2h
            health: { interval: % } | 10ms | 1h | 9ms
            health: { timeout: % } | 1ms | 10m | 11m
            health: { unhealthy-after: % } | 1 | 1000 | 0
            health: { healthy-after: % } | 1 | 1000 | 0
            health: { eject-for: % } | 1ms | 1d | 2d
            health: { hold: % } | 0 | 1d | 2d
            health: { max-hold: % } | 1ms | 1d | 2d
            health: { silence: % } | 0 | 1h | 2h
            health: { drain: % } | 1ms | 1d | 2d
            health: { window: % } | 10 | 1000 | 9
            health: { max-loss: % } | 0 | 1 | 1.01
            health: { port: % } | 1 | 65535 | 65536
            health: { protocol: http, status: % } | 100 | 100-599 | 600
            health: { expect: % } | a | 'a\\x00\\r\\n\\\\' | '\\x0'
            backends: [ { address: "h:1", cost-per-gb: % } ] | 0 | 1000000 | 1000001
            """)
    void shouldTakeBothEndsOfARangeOfAService(String line, String least, String most, String beyond) {
        String service = "services:\n  - name: a\n    listen: [ \"tcp://*:1\", \"udp://*:1\" ]\n";
        String backends = line.startsWith("backends") ? "" : "    backends: [ { address: \"h:1\" } ]\n";
        String yaml = service + backends + "    " + line;

        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, yaml.replace("%", least))));
        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, yaml.replace("%", most))));
        assertFalse(Faulty.load(folder, yaml.replace("%", beyond)).faults().isEmpty());
    }

    @Test
    void shouldKnowTheKeysThatItRefuses() {
        List<String> paths = new ArrayList<>();
        collect(Catalogue.ROOT, "", paths);
        List<String> outside = List.of("JAEGER_ENDPOINT", "metrics_namespace", "default_bandwidth", "burst_size");

        for (NotYet.Row row : NotYet.rows()) {
            boolean known = paths.contains(row.path().replace(".*", ".P0")) || outside.contains(row.path());
            assertTrue(known, row.path() + " is refused but no key");
        }
    }

    private static void collect(Group group, String prefix, List<String> paths) {
        for (Field field : group.fields()) {
            String path = prefix.isEmpty() ? field.name() : prefix + "." + field.name();
            paths.add(path);
            assertTrue(field.meaning().endsWith("."), path + " has a meaning that is no sentence");
            if (field instanceof Group section) {
                collect(section, path, paths);
            } else if (field instanceof Groups sections) {
                collect(sections.item(), path + "[]", paths);
            }
        }
    }
}

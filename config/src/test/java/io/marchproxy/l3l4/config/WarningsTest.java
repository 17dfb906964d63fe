package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written and changes nothing is told of, line by line. */
class WarningsTest {
    private static final String TCP = """
            services:
              - name: web
                listen: tcp://127.0.0.1:8080
                backends: [ { address: "127.0.0.1:9001" } ]
            """;

    private static final String DESIGN = """
            data-dir: ./data
            admin: { address: 127.0.0.1, port: 8081 }
            engine:
              mode: auto                 # auto | run-to-completion | pipelined
              shards: auto
              max-flows: 1000000
              numa: false
              journal: { mode: flows, max-size: 10GB, periodic: 60s }   # off | flows | packets
            qos:
              enabled: true
              link-rate: 1Gbit
              classes:
                P0: { guarantee: 200Mbit, ceiling: 1Gbit, dscp: EF,   queue: 1000 }
                P1: { guarantee: 300Mbit, ceiling: 1Gbit, dscp: AF41, queue: 1000 }
                P2: { guarantee: 300Mbit, ceiling: 1Gbit, dscp: AF21, queue: 1000 }
                P3: { guarantee: 50Mbit,  ceiling: 1Gbit, dscp: BE,   queue: 1000 }
              rules:                     # first match wins; a service's own class is the default
                - { match: { protocol: udp, destination-port: 53 }, class: P0 }
                - { match: { source: 10.0.0.0/8, dscp: CS1 }, class: P3, police: { rate: 10Mbit, burst: 64KB, exceed: drop } }
            services:
              - name: web
                listen: tcp://127.0.0.1:8080                            # or a list; tcp:// and udp:// may share a port
                class: P1
                rate: 500Mbit            # ceiling, each direction; or { to-backend: …, to-client: … }
                guarantee: 100Mbit
                burst: 256KB
                algorithm: latency       # latency | cost | weighted | weighted-round-robin | round-robin | least-connections | geo | failover | maglev
                max-connections: 100000
                idle-timeout: 60s
                proxy-protocol: { accept: none, send: none }            # none | v1 | v2
                health: { protocol: tcp, interval: 200ms, timeout: 100ms, unhealthy-after: 2, healthy-after: 2 }
                backends:
                  - { id: aws-1, address: 127.0.0.1:9001, provider: aws, region: us-east-1, cost-per-gb: 0.09, weight: 1, priority: 1 }
                  - { id: gcp-1, address: 127.0.0.1:9002, provider: gcp, region: europe-west4, cost-per-gb: 0.08, weight: 1, priority: 2 }
              - name: dns
                listen: udp://127.0.0.1:5353
                class: P0
                session-timeout: 30s
                backends: [ { id: dns-1, address: 127.0.0.1:5300, provider: onprem, region: local } ]
            observability:
              tracing: { enabled: false, endpoint: "http://127.0.0.1:4317", sample-ratio: 0.1 }
              ipfix:   { enabled: false, collector: 127.0.0.1:4739 }
            manager: { url: null, cluster-api-key: null, poll-interval: 60s, heartbeat-interval: 30s }
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            data-dir: /proc/none | data-dir: has no effect: nothing is kept there while engine.journal.mode and engine.flow-state.mode are off and no service has a daily-budget
            engine: { irq-affinity: apply } | engine.irq-affinity: has no effect: engine.numa is false
            observability: { tracing: { endpoint: "http://c:4317" } } | observability.tracing.endpoint: has no effect: observability.tracing.enabled is false
            observability: { tracing: { sample-ratio: 0.1 } } | observability.tracing.sample-ratio: has no effect: observability.tracing.enabled is false
            trace_sample_rate: 0.5 | trace_sample_rate: has no effect: observability.tracing.enabled is false
            observability: { ipfix: { enabled: false, collector: "c:4739" } } | observability.ipfix.collector: has no effect: observability.ipfix.enabled is false
            observability: { latency: { interval: 10s } } | observability.latency.interval: has no effect: observability.latency.enabled is false
            observability: { latency: { max-size: 1GB } } | observability.latency.max-size: has no effect: observability.latency.enabled is false
            manager: { url: null, poll-interval: 10s } | manager.poll-interval: has no effect: there is no manager.url
            manager: { heartbeat-interval: 30s } | manager.heartbeat-interval: has no effect: there is no manager.url
            qos: { classes: { P1: { queue: 5 } } } | qos.classes.P1.queue: has no effect: no rate is set, so no packet waits
            qos: { classes: { P1: { weight: 5 } } } | qos.classes.P1.weight: has no effect: no rate is set, so no packet waits
            qos: { enabled: false, classes: { P2: { dscp: EF } } } | qos.classes.P2.dscp: has no effect: qos.enabled is false
            qos: { enabled: false, link-rate: 1Gbit } | qos.link-rate: has no effect: qos.enabled is false
            qos: { enabled: false, classes: { P1: { queue: 5 } } } | qos.classes.P1.queue: has no effect: qos.enabled is false
            qos: { enabled: false, classes: { P1: { ceiling: 1Mbit } } } | qos.classes.P1.ceiling: has no effect: qos.enabled is false
            qos: { enabled: false, rules: [ { class: P0 } ] } | qos.rules: has no effect: qos.enabled is false
            qos: { codel: { target: 6ms } } | qos.codel.target: has no effect: no rate is set, so no packet waits
            qos: { enabled: false, codel: { enabled: false } } | qos.codel.enabled: has no effect: qos.enabled is false
            qos: { link-rate: 1Gbit, codel: { enabled: false, interval: 50ms } } | qos.codel.interval: has no effect: qos.codel.enabled is false
            """)
    void shouldTellWhatHasNoEffect(String line, String warning) {
        assertEquals(List.of("proxy.yaml:5: " + warning), warnings(TCP + line + "\n"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            health: { protocol: none, interval: 1s } | health.interval: has no effect: health.protocol is none
            health: { protocol: none, healthy-after: 3 } | health.healthy-after: has no effect: health.protocol is none
            health: { protocol: none, window: 20 } | health.window: has no effect: health.protocol is none
            proxy-protocol: { send: v1, header-timeout: 1s } | proxy-protocol.header-timeout: has no effect: proxy-protocol.accept is none
            """)
    void shouldTellWhatHasNoEffectInAService(String line, String warning) {
        assertEquals(List.of("proxy.yaml:5: services[0]." + warning), warnings(TCP + "    " + line + "\n"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            health: { protocol: none, eject-for: 1s }
            health: { protocol: tcp, interval: 1s, timeout: 1s, unhealthy-after: 1, healthy-after: 1 }
            proxy-protocol: { accept: v2, header-timeout: 1s }
            rate: 1Gbit
            rate: { to-client: 1Gbit }
            """)
    void shouldSayNothingOfWhatHasAnEffect(String line) {
        assertEquals(List.of(), warnings(TCP + "    " + line + "\n"));
    }

    @Test
    void shouldSayNothingOfItsOwnEffectiveForm() {
        assertEquals(List.of(), warnings(Faulty.load(folder, TCP).effective().replaceAll("(?m)^data-dir.*\n", "")));
    }

    @Test
    void shouldTellOfVariablesAndFlagsToo() {
        ConfigResult result =
                Faulty.load(folder, TCP, Map.of("MARCHPROXY_JAEGER_ENDPOINT", "http://j:4317"), Overrides.none());

        assertEquals(
                List.of("environment variable MARCHPROXY_JAEGER_ENDPOINT: has no effect:"
                        + " observability.tracing.enabled is false"),
                result.warnings().stream().map(Fault::format).toList());
    }

    /** The design's sample: a feature that this version lacks is refused by name, and nothing else is. */
    @Test
    void shouldTakeTheDesignsSampleAsFarAsTheFeaturesExist() {
        List<String> faults = Faulty.formatted(Faulty.load(folder, DESIGN));

        assertEquals(
                List.of(),
                faults.stream()
                        .filter(fault -> !fault.contains(" not in this version yet; "))
                        .toList());
        String without = DESIGN.lines()
                .map(line -> line.replaceAll("mode: flows", "mode: off"))
                .collect(Collectors.joining("\n"));
        ConfigResult result = Faulty.load(folder, without);
        assertEquals(List.of(), Faulty.formatted(result));
        List<String> told = result.warnings().stream().map(Fault::message).toList();
        assertTrue(
                told.contains(
                        "qos.rules[1].police: has no effect on TCP, out of whose streams nothing can be dropped: match"
                                + " protocol udp to say so"),
                told::toString);
        assertTrue(told.contains("manager.poll-interval: has no effect: there is no manager.url"), told::toString);
    }

    private List<String> warnings(String yaml) {
        ConfigResult result = Faulty.load(folder, yaml);
        assertEquals(List.of(), Faulty.formatted(result));
        return result.warnings().stream()
                .map(warning -> warning.format().replace(folder + "/", ""))
                .toList();
    }
}

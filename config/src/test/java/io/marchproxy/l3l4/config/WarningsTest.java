package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            data-dir: /proc/none | data-dir: has no effect: nothing is kept there while engine.journal.mode is off
            observability: { tracing: { endpoint: "http://c:4317" } } | observability.tracing.endpoint: has no effect: observability.tracing.enabled is false
            observability: { tracing: { sample-ratio: 0.1 } } | observability.tracing.sample-ratio: has no effect: observability.tracing.enabled is false
            trace_sample_rate: 0.5 | trace_sample_rate: has no effect: observability.tracing.enabled is false
            observability: { ipfix: { enabled: false, collector: "c:4739" } } | observability.ipfix.collector: has no effect: observability.ipfix.enabled is false
            manager: { url: null, poll-interval: 10s } | manager.poll-interval: has no effect: there is no manager.url
            manager: { heartbeat-interval: 30s } | manager.heartbeat-interval: has no effect: there is no manager.url
            qos: { classes: { P1: { queue: 5 } } } | qos.classes.P1.queue: has no effect: this version shapes nothing yet, so no packet waits
            qos: { enabled: false, classes: { P2: { dscp: EF } } } | qos.classes.P2.dscp: has no effect: qos.enabled is false
            qos: { enabled: false, rules: [ { class: P0 } ] } | qos.rules: has no effect: qos.enabled is false
            """)
    void shouldTellWhatHasNoEffect(String line, String warning) {
        assertEquals(List.of("proxy.yaml:5: " + warning), warnings(TCP + line + "\n"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            health: { protocol: none, interval: 1s } | health.interval: has no effect: health.protocol is none
            health: { protocol: none, healthy-after: 3 } | health.healthy-after: has no effect: health.protocol is none
            health: { eject-for: 1s } | health.eject-for: has no effect: probes bring these backends back, health.protocol is not none
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
        ConfigResult result = Faulty.load(
                folder, TCP, Map.of("MARCHPROXY_JAEGER_ENDPOINT", "http://j:4317"), Overrides.none());

        assertEquals(
                List.of("environment variable MARCHPROXY_JAEGER_ENDPOINT: has no effect:"
                        + " observability.tracing.enabled is false"),
                result.warnings().stream().map(Fault::format).toList());
    }

    private List<String> warnings(String yaml) {
        ConfigResult result = Faulty.load(folder, yaml);
        assertEquals(List.of(), Faulty.formatted(result));
        return result.warnings().stream()
                .map(warning -> warning.format().replace(folder + "/", ""))
                .toList();
    }
}

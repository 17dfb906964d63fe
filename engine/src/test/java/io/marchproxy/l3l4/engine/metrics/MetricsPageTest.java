package io.marchproxy.l3l4.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Reports;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsPageTest {

    private static final Map<String, String> ALGORITHMS = Map.of("web", "round-robin", "dns", "round-robin");

    @Test
    @RequiresProgram("promtool")
    void shouldSatisfyThePrometheusLinter() throws Exception {
        Process promtool = new ProcessBuilder("promtool", "check", "metrics")
                .redirectErrorStream(true)
                .start();
        try (OutputStream in = promtool.getOutputStream()) {
            in.write(page(ExpositionFormat.PROMETHEUS).getBytes(StandardCharsets.UTF_8));
        }
        String remarks = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertTrue(promtool.waitFor(30, TimeUnit.SECONDS));
        assertEquals("", remarks);
        assertEquals(0, promtool.exitValue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "marchproxy_build_info{version=\"1.2.3\",transport=\"io_uring\",mode=\"run-to-completion\"} 1",
                "marchproxy_uptime_seconds 90.5",
                "marchproxy_ready 1",
                "marchproxy_draining 0",
                "marchproxy_reloads_total 4",
                "marchproxy_udp_events_total{event=\"merged\"} 7",
                "marchproxy_reloads_refused_total 5",
                "marchproxy_unexpected_errors_total 6",
                "marchproxy_active_connections{service=\"dns\",protocol=\"udp\"} 20",
                "marchproxy_max_connections{service=\"web\",protocol=\"tcp\"} 201",
                "marchproxy_connection_errors_total{service=\"dns\",protocol=\"udp\",backend=\"dns-1\"} 51",
                "marchproxy_accept_pauses_total{service=\"web\"} 8",
                "marchproxy_connect_retries_total{service=\"web\"} 10",
                "marchproxy_connection_duration_seconds_bucket{service=\"web\",le=\"0.001\"} 1",
                "marchproxy_connection_duration_seconds_bucket{service=\"web\",le=\"1.0\"} 1",
                "marchproxy_connection_duration_seconds_bucket{service=\"web\",le=\"10.0\"} 2",
                "marchproxy_connection_duration_seconds_count{service=\"web\"} 2",
                "marchproxy_bytes_received_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 540",
                "marchproxy_bytes_sent_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 300",
                "marchproxy_bytes_held{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 80",
                "marchproxy_bytes_dropped_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\",reason=\"session-cap\"} 100",
                "marchproxy_packets_dropped_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\",reason=\"ring-full\"} 1",
                "marchproxy_books_imbalance_bytes{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 0",
                "marchproxy_qos_bytes_processed_total{priority=\"P1\"} 3000",
                "marchproxy_qos_packets_dropped_total{priority=\"P0\",reason=\"session-cap\"} 2",
                "marchproxy_bytes_borrowed_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 220",
                "marchproxy_packets_borrowed_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 7",
                "marchproxy_bytes_moved{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} -40",
                "marchproxy_packets_moved{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} -1",
                "marchproxy_policed_packets_total{rule=\"udp source 10.0.0.0/8\",direction=\"to-backend\",color=\"exceed\"} 21",
                "marchproxy_policed_bytes_total{rule=\"udp source 10.0.0.0/8\",direction=\"to-backend\",color=\"exceed\"} 2100",
                "marchproxy_qos_queue_depth{priority=\"P0\"} 2",
                "marchproxy_qos_queue_delay_seconds_bucket{priority=\"P0\",direction=\"to-backend\",le=\"0.001\"} 0",
                "marchproxy_qos_queue_delay_seconds_bucket{priority=\"P0\",direction=\"to-backend\",le=\"0.0025\"} 95",
                "marchproxy_qos_queue_delay_seconds_count{priority=\"P0\",direction=\"to-backend\"} 100",
                "marchproxy_packets_marked_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 4",
                "marchproxy_bytes_marked_total{service=\"dns\",protocol=\"udp\",class=\"P0\",direction=\"to-backend\"} 160",
                "marchproxy_backend_up{service=\"dns\",protocol=\"udp\",backend=\"dns-1\",cloud=\"aws\",region=\"us-east-1\"} 0",
                "marchproxy_backend_latency_seconds{service=\"web\",protocol=\"tcp\",backend=\"web-1\",cloud=\"aws\",region=\"us-east-1\"} 0.0025",
                "marchproxy_multicloud_routing_decisions_total{algorithm=\"round-robin\",service=\"dns\",protocol=\"udp\",backend=\"dns-1\"} 41",
                "marchproxy_flows{shard=\"1\"} 17",
                "marchproxy_flows_max{shard=\"1\"} 18",
                "marchproxy_ring_used_slots{shard=\"1\"} 19",
                "marchproxy_ring_slots{shard=\"1\"} 32",
            })
    void shouldShowWhatTheReportSays(String line) {
        assertTrue(page(ExpositionFormat.PROMETHEUS).lines().anyMatch(line::equals), line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "marchproxy_active_connections{service=\"web\",protocol=\"tcp\"} | 23",
                "marchproxy_total_connections_total{service=\"web\",protocol=\"tcp\"} | 331",
                "marchproxy_bytes_received_total{service=\"web\",protocol=\"tcp\",class=\"P1\",direction=\"to-backend\"} | 3000",
                "marchproxy_multicloud_backend_selections_total{service=\"web\",protocol=\"tcp\",backend=\"web-1\",cloud=\"aws\",region=\"us-east-1\"} | 82"
            })
    void shouldShowAServiceThatCameBackAsOne(String series, String sum) {
        List<String> lines = page(ExpositionFormat.PROMETHEUS)
                .lines()
                .filter(line -> line.startsWith(series))
                .toList();

        assertEquals(List.of(series + " " + sum), lines);
    }

    @ParameterizedTest
    @EnumSource(ExpositionFormat.class)
    void shouldNeverShowASeriesTwice(ExpositionFormat format) {
        Set<String> seen = new HashSet<>();
        page(format)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(0, line.lastIndexOf(' ')))
                .forEach(series -> assertTrue(seen.add(series), series));
    }

    @ParameterizedTest
    @CsvSource({"0.000001, 1", "0.0000025, 1", "0.00001, 2", "0.001, 2", "1.0, 3", "+Inf, 4"})
    void shouldCountResidenceTimesUpToEachBound(String bound, long count) {
        String line = "marchproxy_residence_seconds_bucket{le=\"" + bound + "\"} " + count;

        assertTrue(page(ExpositionFormat.PROMETHEUS).lines().anyMatch(line::equals), line);
    }

    @Test
    void shouldSumResidenceTimes() {
        String sum = page(ExpositionFormat.PROMETHEUS)
                .lines()
                .filter(line -> line.startsWith("marchproxy_residence_seconds_sum "))
                .findFirst()
                .orElseThrow();

        assertEquals(2.0500098, Double.parseDouble(sum.substring(sum.indexOf(' '))), 0.005);
        assertTrue(page(ExpositionFormat.PROMETHEUS).contains("marchproxy_residence_seconds_count 4\n"));
    }

    @Test
    void shouldNameCountersWithoutTheirSuffixInOpenMetrics() {
        String page = page(ExpositionFormat.OPEN_METRICS);

        assertTrue(page.contains("# TYPE marchproxy_reloads counter\n"));
        assertTrue(page.contains("\nmarchproxy_reloads_total 4\n"));
        assertTrue(page.contains("# UNIT marchproxy_uptime_seconds seconds\n"));
        assertTrue(page.endsWith("\n# EOF\n"));
        assertFalse(page(ExpositionFormat.PROMETHEUS).contains("# EOF"));
    }

    @Test
    void shouldEscapeLabelValues() throws IOException {
        Family family = new Family(Metric.CONFIGURATION_INFO).set(1, "a\"b\\c\nd");

        assertTrue(ExpositionFormat.PROMETHEUS
                .write(List.of(family))
                .endsWith("marchproxy_configuration_info{hash=\"a\\\"b\\\\c\\nd\"} 1\n"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | PROMETHEUS",
                "*/* | PROMETHEUS",
                "text/plain | PROMETHEUS",
                "application/openmetrics-text | OPEN_METRICS",
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2 | OPEN_METRICS",
                "text/plain;q=0.9, application/openmetrics-text;q=0.8 | PROMETHEUS",
                "application/openmetrics-text;q=0 | PROMETHEUS",
                "application/openmetrics-text;q=broken | PROMETHEUS",
            })
    void shouldSpeakTheFormatThatTheClientPrefers(String accept, ExpositionFormat format) {
        assertEquals(format, ExpositionFormat.accepted(accept));
    }

    private static String page(ExpositionFormat format) {
        Histogram residence = new Histogram(3);
        residence.recordValue(900);
        residence.recordValue(9_000);
        residence.recordValue(50_000_000);
        residence.recordValue(2_000_000_000);
        return MetricsPage.of(Reports.busy(), residence, ALGORITHMS, Map.of("merged", 7L))
                .write(format);
    }
}

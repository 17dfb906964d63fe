package io.marchproxy.l3l4.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetricsDocumentationTest {

    private static final Path PAGE = Path.of(System.getProperty("project.root"), "docs", "METRICS.md");
    private static final String HEAD = """
            # Metrics

            What the admin server shows at `/metrics`, in the Prometheus text format 0.0.4 or, to a client that asks for it, in
            OpenMetrics 1.0.0. Values are read off when somebody asks; packets push nothing. No label carries a client's address.

            This page is made from the catalogue (`engine/metrics/Metric.java`), and a test holds it current:
            `mvn -Dquick -pl engine -am test -Dtest=MetricsDocumentationTest -Dsurefire.failIfNoSpecifiedTests=false -Dregenerate-docs=true`
            writes it anew.

            | metric | type | unit | labels | meaning |
            |---|---|---|---|---|
            """;
    private static final Set<String> NEVER_A_LABEL = Set.of(
            "client", "source", "source_port", "address", "client_address", "destination", "port", "flow", "tuple");

    @Test
    void shouldDescribeEveryMetricOnItsPage() throws IOException {
        if (Boolean.getBoolean("regenerate-docs")) {
            Files.writeString(PAGE, page());
        }

        assertEquals(page(), Files.readString(PAGE));
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldNeverCarryATupleAsALabel(Metric metric) {
        assertTrue(metric.labels().stream().noneMatch(NEVER_A_LABEL::contains), metric.exposedName());
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldFollowTheConventionsForNames(Metric metric) {
        String name = metric.exposedName();

        assertTrue(name.matches("(marchproxy|process|jvm)_[a-z_]+[a-z]"), name);
        assertEquals(metric.type() == Metric.Type.COUNTER, name.endsWith("_total"), name);
        assertTrue(metric.sentence().endsWith("."), name);
    }

    @Test
    void shouldNameEachMetricOnce() {
        Set<String> names =
                Arrays.stream(Metric.values()).map(Metric::exposedName).collect(Collectors.toSet());

        assertEquals(Metric.values().length, names.size());
    }

    private static String page() {
        StringBuilder page = new StringBuilder(HEAD);
        for (Metric metric : Metric.values()) {
            page.append("| `").append(metric.exposedName()).append("` | ");
            page.append(metric.type().label()).append(" | ");
            page.append(metric.unit().label()).append(" | ");
            page.append(metric.labels().stream().map(label -> "`" + label + "`").collect(Collectors.joining(", ")));
            page.append(" | ").append(metric.sentence()).append(" |\n");
        }
        return page.toString();
    }
}

package io.marchproxy.l3l4.engine.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainerTest {
    private static final String YAML = """
            multicloud: { provider: onprem, region: cellar, regions: [ { provider: onprem, region: cellar, latitude: 50, longitude: 8 } ] }
            qos:
              rules:
                - { match: { source: 10.9.0.0/16 }, class: P0 }
            services:
              - name: web
                listen: tcp://127.0.0.1:8080
                algorithm: ALGORITHM
                class: P1
                backends:
                  - { id: near, address: 127.0.0.1:9001, provider: onprem, region: cellar, cost-per-gb: 0.05, priority: 2 }
                  - { id: far, address: 127.0.0.1:9002, provider: aws, region: us-east-1, cost-per-gb: 0.01, priority: 1 }
                  - { id: off, address: 127.0.0.1:9003, provider: gcp, region: us-east1, enabled: false }
              - name: any
                listen: "tcp://*:9090"
                backends: [ { id: only, address: 127.0.0.1:9004 } ]
            """;

    @TempDir
    Path folder;

    private CompiledSettings compile(String algorithm) throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), YAML.replace("ALGORITHM", algorithm));
        var result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertEquals(List.of(), result.faults());
        return new SettingsCompiler(NameResolver.offline())
                .compile(result.settings().orElseThrow());
    }

    private static Explanation explain(CompiledSettings settings, String tuple, Explainer.Suppositions supposed) {
        Explainer explainer = new Explainer(settings);
        Tuple flow = Tuple.of(tuple, 0);
        CompiledService service = explainer.serviceOf(flow).orElseThrow();
        return explainer.explain(flow, service, supposed);
    }

    private static String why(Explanation of, String id) {
        return of.candidates().stream()
                .filter(candidate -> candidate.id().equals(id))
                .findFirst()
                .orElseThrow()
                .why();
    }

    @Test
    void shouldTellTheChoiceTheRuleAndWhyTheOthersLost() throws Exception {
        Explanation told = explain(compile("geo"), "tcp 10.9.1.1:5 -> 127.0.0.1:8080", Explainer.Suppositions.NONE);

        assertEquals("near", told.choice());
        assertEquals(0, told.rule());
        assertEquals("P0", told.trafficClass());
        assertEquals("geo", told.algorithm());
        assertEquals("chosen", why(told, "near"));
        assertEquals("others are better by km", why(told, "far"));
        assertEquals("is not enabled", why(told, "off"));
        assertTrue(told.candidates().get(1).score() > 6_000, told.toString());
    }

    @Test
    void shouldAnswerUnderSuppositions() throws Exception {
        CompiledSettings settings = compile("cost");
        Explanation cheap = explain(settings, "tcp 10.0.0.1:5 127.0.0.1:8080", Explainer.Suppositions.NONE);
        assertEquals("far", cheap.choice());
        assertEquals(-1, cheap.rule());
        assertEquals("P1", cheap.trafficClass());
        Explanation slow = explain(
                settings,
                "tcp 10.0.0.1:5 127.0.0.1:8080",
                new Explainer.Suppositions(List.of(), Map.of("far", 90_000_000L, "near", 1_000_000L)));
        assertEquals("near", slow.choice());
        assertEquals("is above the latency budget", why(slow, "far"));
        assertTrue(Double.isNaN(slow.candidates().get(1).score()), "a price says nothing of it");
        Explanation slower = explain(
                settings,
                "tcp 10.0.0.1:5 127.0.0.1:8080",
                new Explainer.Suppositions(List.of(), Map.of("far", 90_000_000L, "near", 200_000_000L)));
        assertEquals("far", slower.choice());
        assertEquals("chosen", why(slower, "far"));
        assertEquals(List.of("none is within the latency budget: the fastest are used"), slower.remarks());
        Explanation down = explain(
                settings,
                "tcp 10.0.0.1:5 127.0.0.1:8080",
                new Explainer.Suppositions(List.of("near", "far"), Map.of()));
        assertNull(down.choice());
        assertEquals("No backend of the service is healthy", down.reason());
        assertEquals("is not healthy", why(down, "far"));
    }

    @Test
    void shouldAnswerByWhatAShardKnowsAndChangeNothingThere() throws Exception {
        CompiledSettings settings = compile("round-robin");
        Explainer explainer = new Explainer(settings);
        Tuple flow = Tuple.of("tcp 10.0.0.1:5 127.0.0.1:8080", 0);
        CompiledService service = explainer.serviceOf(flow).orElseThrow();
        try (var arena = Arena.ofConfined()) {
            var pipeline =
                    new Pipeline(settings.pipeline(), new OffHeapFlowTable(64, 1, arena), new NoOutput(), Journal.NONE);
            RouteState state = new RouteState();
            state.look(pipeline);
            assertEquals("near", explainer.explain(flow, service, state).choice());
            assertEquals("near", explainer.explain(flow, service, state).choice(), "nothing has moved on");
        }
    }

    @Test
    void shouldTellADrainedBackendFromOneThatIsNotHealthy() throws Exception {
        CompiledSettings settings = compile("maglev");
        int far = settings.backends().stream()
                .filter(backend -> backend.target().id().equals("far"))
                .mapToInt(backend -> backend.target().index())
                .findFirst()
                .orElseThrow();
        Explainer explainer = new Explainer(settings, backend -> backend == far);
        Tuple flow = Tuple.of("tcp 10.0.0.1:5 127.0.0.1:8080", 0);
        Explanation told = explainer.explain(
                flow,
                explainer.serviceOf(flow).orElseThrow(),
                new Explainer.Suppositions(List.of("near", "far"), Map.of()));
        assertEquals("is drained", why(told, "far"));
        assertEquals("is not healthy", why(told, "near"));
        assertEquals("score", told.scoreName(), "a hash orders nobody");
    }

    @Test
    void shouldGiveBackNumbersAndMemoryInTheirOrder() {
        try (var arena = Arena.ofConfined()) {
            long at = arena.allocate(32, 8).address();
            Memory.putLong(at, 2);
            Memory.putLong(at + 8, 3);
            RouteState state = new RouteState();
            state.number(1);
            state.block(at, 16);
            state.number(4);

            var reader = state.reader();
            assertEquals(1, reader.number());
            reader.block(at + 16, 16);
            assertEquals(2, Memory.getLong(at + 16));
            assertEquals(3, Memory.getLong(at + 24));
            assertEquals(4, reader.number());
            assertThrows(IllegalStateException.class, reader::number);
        }
    }

    @Test
    void shouldFindTheServiceByItsAddress() throws Exception {
        Explainer explainer = new Explainer(compile("cost"));

        assertEquals(
                "any",
                explainer
                        .serviceOf(Tuple.of("tcp [2001:db8::1]:1 [::1]:9090", 0))
                        .orElseThrow()
                        .settings()
                        .name());
        assertTrue(explainer
                .serviceOf(Tuple.of("udp 10.0.0.1:1 127.0.0.1:8080", 0))
                .isEmpty());
    }

    @Test
    void shouldWriteItForPeopleAndPrograms() throws Exception {
        Explanation told = explain(compile("failover"), "tcp 10.0.0.1:5 127.0.0.1:8080", Explainer.Suppositions.NONE);

        String text = ExplanationText.write(told);
        assertTrue(text.contains("choice     far\n"), text);
        assertTrue(text.contains("▶ far"), text);
        var json = new com.fasterxml.jackson.databind.ObjectMapper().readTree(ExplanationJson.write(told));
        assertEquals("far", json.get("choice").asText());
        assertEquals(3, json.get("candidates").size());
        assertTrue(json.get("candidates").get(0).get("latency_ms").isNull());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tcp 10.0.0.1:5",
                "sctp 10.0.0.1:5 10.0.0.2:5",
                "tcp 10.0.0.1 10.0.0.2:5",
                "tcp host:5 10.0.0.2:5",
                "tcp 10.0.0.1:70000 10.0.0.2:5",
                "tcp [::1]:5 10.0.0.2:5"
            })
    void shouldRefuseWhatIsNoFlow(String text) {
        assertThrows(IllegalArgumentException.class, () -> Tuple.of(text, 0));
    }

    private static final String GATEWAYS = """
            services:
              - name: web
                listen: tcp://127.0.0.1:8080
                backends: [ { id: only, address: 127.0.0.1:9004 } ]
              - name: transit
                listen: ip://*
                backends:
                  - { id: wide, address: 192.0.2.1, prefixes: [ 10.0.0.0/8, "2001:db8::/32" ] }
                  - { id: narrow, address: 192.0.2.2, prefixes: [ 10.1.0.0/16, 10.1.2.0/24 ] }
                  - { id: other, address: 192.0.2.3, prefixes: 10.1.2.0/24 }
            """;

    private CompiledSettings gateways() throws Exception {
        var result = ConfigLoader.load(
                Files.writeString(folder.resolve("gateways.yaml"), GATEWAYS), Map.of(), Overrides.none());
        assertEquals(List.of(), result.faults());
        return new SettingsCompiler(NameResolver.offline())
                .compile(result.settings().orElseThrow());
    }

    @Test
    void shouldTellThePrefixOfAPacketAndWhoHasIt() throws Exception {
        Explanation told = explain(gateways(), "ip 192.168.0.1 10.1.0.7", Explainer.Suppositions.NONE);

        assertEquals("ip 192.168.0.1 → 10.1.0.7", told.flow());
        assertEquals("transit", told.service());
        assertEquals("10.1.0.0/16", told.prefix());
        assertEquals("narrow", told.choice());
        assertEquals("the prefix is not its", why(told, "wide"));
        assertTrue(ExplanationText.write(told).contains("prefix     10.1.0.0/16"), ExplanationText.write(told));
        assertTrue(ExplanationJson.write(told).contains("\"prefix\" : \"10.1.0.0/16\""));
    }

    @Test
    void shouldTellWhichPrefixStandsInForOneWhoseGatewaysAreOut() throws Exception {
        Explainer.Suppositions down = new Explainer.Suppositions(List.of("narrow", "other"), Map.of());

        Explanation told = explain(gateways(), "udp 192.168.0.1:5 10.1.2.7:53", down);

        assertEquals("10.1.2.0/24", told.prefix());
        assertEquals(List.of("no gateway of the prefix may be used: 10.0.0.0/8 stands in"), told.remarks());
        assertEquals("wide", told.choice());
    }

    @Test
    void shouldTellThatNoGatewayHasAPrefixForAPacket() throws Exception {
        Explanation told = explain(gateways(), "ip [2001:db9::1] 2001:db9::2", Explainer.Suppositions.NONE);

        assertNull(told.choice());
        assertNull(told.prefix());
        assertEquals("No gateway has a prefix for the destination", told.reason());
        assertEquals("has no prefix for the destination", why(told, "other"));
        assertEquals(
                "wide",
                explain(gateways(), "ip 2001:db8::1 2001:db8::2", Explainer.Suppositions.NONE)
                        .choice());
        assertEquals(
                "web",
                explain(gateways(), "tcp 10.1.0.1:5 127.0.0.1:8080", Explainer.Suppositions.NONE)
                        .service());
    }
}

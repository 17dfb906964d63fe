package io.marchproxy.l3l4.engine.admin;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Reports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdminServerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Source source = new Source();
    private final HttpClient http = HttpClient.newHttpClient();
    private AdminServer server;

    @BeforeEach
    void start() throws IOException {
        server = AdminServer.start(new AdminSettings("127.0.0.1", 0));
        server.serve(source);
    }

    @AfterEach
    void stop() {
        http.close();
        server.close();
    }

    @Test
    void shouldTellWhetherItLives() throws Exception {
        assertEquals(200, get("/healthz").statusCode());

        source.live = false;
        assertEquals(503, get("/healthz").statusCode());
    }

    @Test
    void shouldTellWhetherItIsReady() throws Exception {
        assertEquals(200, get("/readyz").statusCode());

        source.ready = false;
        HttpResponse<String> answer = get("/readyz");
        assertEquals(503, answer.statusCode());
        assertEquals("not ready\n", answer.body());
    }

    @Test
    void shouldSayThatItIsNotReadyUntilThereIsAServiceToAsk() throws Exception {
        try (AdminServer starting = AdminServer.start(new AdminSettings("127.0.0.1", 0))) {
            assertEquals("200 ok\n", get(starting, "/healthz"));
            assertEquals("503 not ready\n", get(starting, "/readyz"));
            assertEquals("503 the service is starting\n", get(starting, "/status"));
            assertEquals("503 the service is starting\n", get(starting, "/metrics"));

            starting.serve(source);

            assertEquals("200 ready\n", get(starting, "/readyz"));
        }
    }

    @Test
    void shouldExplainAsJsonOrAsATable() throws Exception {
        String flow = "/api/v1/explain?protocol=tcp&source=10.0.0.1:1&destination=10.0.0.2:2";

        assertTrue(get(server, flow).startsWith("200 {"), get(server, flow));
        assertTrue(get(server, flow + "&format=json").startsWith("200 {"));
        assertTrue(get(server, flow + "&format=text").startsWith("200 flow  "));
        assertEquals("400 format is json or text\n", get(server, flow + "&format=html"));
        assertEquals("404 no such service, or no such shard\n", get(server, flow + "&shard=1"));
    }

    @Test
    void shouldTakeCommandsThatDrainABackend() throws Exception {
        assertEquals("200 web/aws-1 takes no new traffic\n", post("/api/v1/services/web/backends/aws-1/drain"));
        assertEquals(
                "200 web/aws-1 takes new traffic while it is healthy\n",
                post("/api/v1/services/web/backends/aws-1/undrain"));
        assertEquals("404 there is no backend b of a service web\n", post("/api/v1/services/web/backends/b/drain"));
        assertEquals(List.of("web aws-1 true", "web aws-1 false", "web b true"), source.drains);
    }

    @Test
    void shouldTakeNoCommandFromAWebPageNorByGet() throws Exception {
        String path = "/api/v1/services/web/backends/aws-1/drain";
        HttpResponse<String> ofAPage = http.send(
                request(path)
                        .header("Origin", "http://evil.example")
                        .POST(BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
        assertEquals(403, ofAPage.statusCode());
        assertEquals(405, get(path).statusCode());
        assertEquals(List.of(), source.drains);
    }

    private String post(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(request(path).POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    @Test
    void shouldShowTheStatusAsJson() throws Exception {
        HttpResponse<String> answer = get("/status");
        JsonNode status = new ObjectMapper().readTree(answer.body());

        assertEquals(
                "application/json", answer.headers().firstValue("Content-Type").orElseThrow());
        assertAll(
                () -> assertEquals("1.2.3", status.at("/version").asText()),
                () -> assertEquals(90.5, status.at("/uptime_seconds").asDouble()),
                () -> assertEquals("cafe01", status.at("/configuration_hash").asText()),
                () -> assertTrue(status.at("/ready").asBoolean()),
                () -> assertEquals(4, status.at("/reloads").asLong()),
                () -> assertEquals(5, status.at("/reloads_refused").asLong()),
                () -> assertEquals(6, status.at("/unexpected_errors").asLong()),
                () -> assertEquals(0, status.at("/imbalance_bytes").asLong()),
                () -> assertEquals(3, status.at("/shards/0/cpus/1").asInt()),
                () -> assertEquals(17, status.at("/shards/1/flows").asLong()),
                () -> assertEquals(
                        "as configured", status.at("/placement/reason").asText()),
                () -> assertEquals("0-3", status.at("/placement/cpus").asText()),
                () -> assertEquals(2, status.at("/placement/cores").asInt()),
                () -> assertTrue(status.at("/placement/numa").asBoolean()),
                () -> assertEquals("1,3", status.at("/placement/nodes/1/cpus").asText()),
                () -> assertEquals(1, status.at("/placement/nodes/1/shards/0").asInt()),
                () -> assertTrue(status.at("/placement/nodes/0/memory_bound").asBoolean()),
                () -> assertEquals(5e-5, status.at("/placement/spin_seconds").asDouble(), 1e-12),
                () -> assertEquals("by node", status.at("/placement/steering").asText()),
                () -> assertEquals("a note", status.at("/placement/notes/0").asText()),
                () -> assertTrue(status.at("/placement/interrupts/0").asText().startsWith("echo 1 >")),
                () -> assertEquals(
                        "udp://127.0.0.1:53", status.at("/services/1/listen/0").asText()),
                () -> assertEquals(301, status.at("/services/2/total").asLong()),
                () -> assertEquals(
                        "said \"no\"", status.at("/backends/1/last_error").asText()),
                () -> assertEquals(
                        0.0025, status.at("/backends/0/probe_rtt_seconds").asDouble(), 1e-12),
                () -> assertEquals("silent", status.at("/backends/1/state").asText()),
                () -> assertEquals(3.5, status.at("/backends/1/held_seconds").asDouble(), 1e-9),
                () -> assertEquals(2, status.at("/backends/1/ejections/silent").asLong()),
                () -> assertEquals(0.25, status.at("/backends/0/probe_loss").asDouble()),
                () -> assertEquals(
                        0.000125, status.at("/backends/0/probe_jitter_seconds").asDouble(), 1e-12),
                () -> assertEquals(
                        "session-cap", status.at("/books/1/dropped/0/reason").asText()),
                () -> assertEquals(80, status.at("/books/1/held_bytes").asLong()),
                () -> assertEquals(4, status.at("/books/1/marked_packets").asLong()),
                () -> assertEquals(160, status.at("/books/1/marked_bytes").asLong()),
                () -> assertEquals(7, status.at("/books/1/borrowed_packets").asLong()),
                () -> assertEquals(220, status.at("/books/1/borrowed_bytes").asLong()),
                () -> assertEquals(-1, status.at("/books/1/moved_packets").asLong()),
                () -> assertEquals(-40, status.at("/books/1/moved_bytes").asLong()),
                () -> assertEquals("P0", status.at("/queues/0/class").asText()),
                () -> assertEquals(
                        "to-backend", status.at("/queues/0/direction").asText()),
                () -> assertEquals(100, status.at("/queues/0/waited_packets").asLong()),
                () -> assertEquals(
                        0.002, status.at("/queues/0/delay_p50_seconds").asDouble(), 1e-5),
                () -> assertEquals(
                        0.002, status.at("/queues/0/delay_p95_seconds").asDouble(), 1e-5),
                () -> assertEquals(
                        0.03, status.at("/queues/0/delay_p99_seconds").asDouble(), 1e-4),
                () -> assertEquals(
                        0.03, status.at("/queues/0/delay_max_seconds").asDouble(), 1e-4),
                () -> assertEquals(
                        "udp source 10.0.0.0/8", status.at("/policing/0/rule").asText()),
                () -> assertEquals("exceed", status.at("/policing/0/color").asText()),
                () -> assertEquals(21, status.at("/policing/0/packets").asLong()),
                () -> assertEquals(2100, status.at("/policing/0/bytes").asLong()));
    }

    @Test
    void shouldShowMetricsInTheFormatThatIsAskedFor() throws Exception {
        HttpResponse<String> plain = get("/metrics");
        HttpResponse<String> open = http.send(
                request("/metrics")
                        .header("Accept", "application/openmetrics-text")
                        .build(),
                BodyHandlers.ofString());

        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8",
                plain.headers().firstValue("Content-Type").orElseThrow());
        assertTrue(plain.body().contains("\nmarchproxy_reloads_total 4\n"));
        assertTrue(open.headers().firstValue("Content-Type").orElseThrow().startsWith("application/openmetrics-text"));
        assertTrue(open.body().endsWith("# EOF\n"));
    }

    @Test
    void shouldListItsPages() throws Exception {
        String index = get("/").body();

        for (String page : List.of("/healthz", "/readyz", "/status", "/metrics")) {
            assertTrue(index.contains("href=\"" + page + "\""), page);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/healthz/", "/status/x", "/%2e%2e/etc/passwd"})
    void shouldKnowNoOtherPage(String path) throws Exception {
        assertEquals(404, get(path).statusCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
    void shouldOnlyBeRead(String method) throws Exception {
        HttpResponse<String> answer = http.send(
                request("/status").method(method, BodyPublishers.ofString("x")).build(), BodyHandlers.ofString());

        assertEquals(405, answer.statusCode());
        assertEquals("GET, HEAD", answer.headers().firstValue("Allow").orElseThrow());
    }

    @Test
    void shouldAnswerHeadWithoutABody() throws Exception {
        HttpResponse<String> answer =
                http.send(request("/").method("HEAD", BodyPublishers.noBody()).build(), BodyHandlers.ofString());

        assertEquals(200, answer.statusCode());
        assertEquals("", answer.body());
        assertEquals(
                get("/").body().length(),
                answer.headers().firstValueAsLong("Content-Length").orElseThrow());
    }

    @Test
    void shouldSurviveAnErrorOfTheService() throws Exception {
        source.failing = true;
        assertEquals(500, get("/status").statusCode());

        source.failing = false;
        assertEquals(200, get("/status").statusCode());
    }

    @Test
    void shouldAnswerWhileManyClientsSendHalfARequest() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), server.address().getPort());
                socket.getOutputStream().write("GET /status HT".getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }

            assertEquals(200, get("/healthz").statusCode());
            Socket first = slow.getFirst();
            first.setSoTimeout((int) PATIENCE.toMillis());
            assertEquals(-1, first.getInputStream().read(), "half a request must be given up after a while");
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void shouldComeBackAfterAFloodOfSilentConnections() throws Exception {
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 600; i++) {
                silent.add(new Socket(
                        InetAddress.getLoopbackAddress(), server.address().getPort()));
            }

            Await.until(
                    "an answer", Duration.ofSeconds(40), () -> get("/healthz").statusCode() == 200);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n\r\n",
                "nonsense\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                "GET http://[broken HTTP/1.1\r\nHost: x\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"
            })
    void shouldSurviveNonsense(String nonsense) throws Exception {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream().write(nonsense.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            socket.setSoTimeout((int) PATIENCE.toMillis());
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);

            assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
        }
        assertEquals(200, get("/healthz").statusCode());
    }

    @Test
    void shouldSayClearlyThatThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            AdminSettings settings = new AdminSettings("127.0.0.1", taken.getLocalPort());

            IOException refusal = assertThrows(IOException.class, () -> AdminServer.start(settings));

            assertEquals(
                    "the admin server cannot listen on 127.0.0.1 port " + taken.getLocalPort()
                            + ": the port is taken; choose another with admin.port or --admin-port",
                    refusal.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "no.such.host.invalid"})
    void shouldSayClearlyThatTheAddressIsNotOfThisHost(String address) {
        IOException refusal = assertThrows(IOException.class, () -> AdminServer.start(new AdminSettings(address, 0)));

        assertTrue(refusal.getMessage().endsWith(address + " is no address of this host"), refusal.getMessage());
    }

    private String get(AdminServer from, String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + from.address().getPort() + path);
        HttpResponse<String> answer =
                http.send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(request(path).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.address().getPort() + path))
                .timeout(PATIENCE);
    }

    /** A service that says what it is told to say. */
    private static final class Source implements AdminSource {
        private final List<String> drains = Collections.synchronizedList(new ArrayList<>());
        private volatile boolean live = true;
        private volatile boolean ready = true;
        private volatile boolean failing;

        @Override
        public StatusReport status() {
            if (failing) {
                throw new IllegalStateException("told to fail");
            }
            return Reports.busy();
        }

        @Override
        public Histogram residence() {
            return new Histogram(3);
        }

        @Override
        public boolean live() {
            return live;
        }

        @Override
        public boolean ready() {
            return ready;
        }

        @Override
        public boolean drain(String service, String backend, boolean wanted) {
            drains.add(service + " " + backend + " " + wanted);
            return backend.equals("aws-1");
        }

        @Override
        public Map<String, Long> udpEvents() {
            return Map.of();
        }

        @Override
        public @Nullable Explanation explain(Tuple flow, @Nullable String service, int shard) {
            return shard == 0
                    ? new Explanation(
                            flow.toString(),
                            service == null ? "listening" : service,
                            -1,
                            "P3",
                            "cost",
                            "cost per GB",
                            List.of(),
                            List.of(),
                            null,
                            "Nobody is there",
                            null)
                    : null;
        }

        @Override
        public Map<String, String> algorithms() {
            return Map.of("web", "round-robin");
        }
    }
}

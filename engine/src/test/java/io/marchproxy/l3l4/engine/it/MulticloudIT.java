package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.UdpBackend;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Routing among clouds as an operator meets it: a backend is switched off and on, and what crosses regions is counted. */
@Timeout(120)
class MulticloudIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BYTES = 20_000;
    private static final double NEAR_PRICE = 20;
    private static final double FAR_PRICE = 90;

    @Test
    void shouldSendNothingNewToABackendThatIsNotEnabledAndLeaveWhatItHas() throws Exception {
        try (TcpBackend one = TcpBackend.echo();
                TcpBackend two = TcpBackend.echo();
                UdpBackend oneDatagrams = UdpBackend.echo();
                UdpBackend twoDatagrams = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                switched(true, one, two) + switchedUdp(true, oneDatagrams, twoDatagrams))
                        .start();
                Socket first = connect(proxy.tcp("web"));
                DatagramSocket session = new DatagramSocket()) {
            assertEcho(first, 1);
            session.connect(proxy.udp("echo"));
            session.setSoTimeout((int) PATIENCE.toMillis());
            assertEcho(session, 1);
            assertEquals(1, selections(proxy, "web", "one"), "the first has the first turn");
            assertEquals(1, selections(proxy, "echo", "one"));

            proxy.reload(switched(false, one, two) + switchedUdp(false, oneDatagrams, twoDatagrams));
            long before = selections(proxy, "web", "one") + selections(proxy, "echo", "one");
            for (int i = 2; i < 12; i++) {
                try (Socket other = connect(proxy.tcp("web"));
                        DatagramSocket otherSession = new DatagramSocket()) {
                    assertEcho(other, i);
                    otherSession.connect(proxy.udp("echo"));
                    otherSession.setSoTimeout((int) PATIENCE.toMillis());
                    assertEcho(otherSession, i);
                }
            }
            assertEquals(before, selections(proxy, "web", "one") + selections(proxy, "echo", "one"), "nothing new");
            assertEquals(10, selections(proxy, "web", "two"));
            assertEquals(10, selections(proxy, "echo", "two"));
            assertEcho(first, 12);
            assertEcho(session, 12);
            assertEquals(
                    2,
                    backend(proxy, "echo", "one").path("bytes_to_client").asLong(),
                    "the session stayed where it was");

            proxy.reload(switched(true, one, two) + switchedUdp(true, oneDatagrams, twoDatagrams));
            for (int i = 0; i < 4; i++) {
                try (Socket other = connect(proxy.tcp("web"))) {
                    assertEcho(other, i);
                }
            }
            assertTrue(selections(proxy, "web", "one") > 1, "it takes its turns again");
        }
    }

    @Test
    void shouldCountWhatCrossesRegionsAndWhatItCosts() throws Exception {
        try (TcpBackend near = TcpBackend.serving(MulticloudIT::answer);
                TcpBackend far = TcpBackend.serving(MulticloudIT::answer);
                ProxyProcess proxy = ProxyProcess.with(clouds(near.port(), far.port(), "europe-west4"))
                        .start()) {
            InetSocketAddress web = proxy.tcp("web");
            for (int i = 0; i < 10; i++) {
                assertEquals(BYTES, answered(web));
            }
            JsonNode home = Await.value(
                    "all is counted",
                    PATIENCE,
                    () -> region(proxy, "aws", "eu-central-1"),
                    region -> region.path("bytes_to_client").asLong() == 5L * BYTES
                            && region.path("flows").asLong() == 0);
            assertEquals("false", home.path("crossing").asText());
            assertEquals(5, home.path("bytes_to_backend").asLong());
            assertEquals(5 * BYTES * NEAR_PRICE / 1e9, home.path("cost").asDouble(), 1e-9);
            JsonNode abroad = region(proxy, "gcp", "europe-west4");
            assertEquals("true", abroad.path("crossing").asText());
            assertEquals(5L * BYTES, abroad.path("bytes_to_client").asLong());
            assertEquals(5 * BYTES * FAR_PRICE / 1e9, abroad.path("cost").asDouble(), 1e-9);

            assertEquals(5.0 * BYTES, crossed(proxy, "yes", "to-client"));
            assertEquals(5.0 * BYTES, crossed(proxy, "no", "to-client"));
            assertEquals(5, crossed(proxy, "yes", "to-backend"));
            assertEquals(
                    5 * BYTES * FAR_PRICE / 1e9,
                    proxy.metric("marchproxy_multicloud_region_cost_total", "crossing=\"yes\""),
                    1e-9);

            // The backend moves into the proxy's own region: what has crossed has crossed, what comes does not.
            proxy.reload(clouds(near.port(), far.port(), null));
            for (int i = 0; i < 10; i++) {
                assertEquals(BYTES, answered(web));
            }
            Await.value(
                    "what came since is at home",
                    PATIENCE,
                    () -> crossed(proxy, "no", "to-client"),
                    bytes -> bytes == 15.0 * BYTES);
            assertEquals(5.0 * BYTES, crossed(proxy, "yes", "to-client"));
        }
    }

    private static double crossed(ProxyProcess proxy, String crossing, String direction) {
        return proxy.metric(
                "marchproxy_multicloud_region_bytes_total",
                "crossing=\"" + crossing + "\"",
                "direction=\"" + direction + "\"");
    }

    private static JsonNode region(ProxyProcess proxy, String provider, String name) {
        for (JsonNode region : proxy.status().json().path("clouds").path("regions")) {
            if (region.path("provider").asText().equals(provider)
                    && region.path("region").asText().equals(name)) {
                return region;
            }
        }
        throw new AssertionError("no region " + provider + " " + name);
    }

    private static JsonNode backend(ProxyProcess proxy, String service, String id) {
        for (JsonNode backend : proxy.status().json().path("backends")) {
            if (backend.path("service").asText().equals(service)
                    && backend.path("id").asText().equals(id)) {
                return backend;
            }
        }
        throw new AssertionError("no backend " + service + " " + id);
    }

    private static long selections(ProxyProcess proxy, String service, String id) {
        return backend(proxy, service, id).path("selections").asLong();
    }

    private static int answered(InetSocketAddress address) throws IOException {
        try (Socket client = connect(address)) {
            client.getOutputStream().write(1);
            return client.getInputStream().readAllBytes().length;
        }
    }

    private static void answer(Socket client) throws IOException {
        if (client.getInputStream().read() >= 0) {
            client.getOutputStream().write(new byte[BYTES]);
            client.shutdownOutput();
            client.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        }
    }

    private static void assertEcho(Socket client, int value) throws IOException {
        client.getOutputStream().write(value);
        assertEquals(value, client.getInputStream().read());
    }

    private static void assertEcho(DatagramSocket session, int value) throws IOException {
        session.send(new DatagramPacket(new byte[] {(byte) value}, 1));
        DatagramPacket answer = new DatagramPacket(new byte[8], 8);
        session.receive(answer);
        assertEquals(value, answer.getData()[0]);
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout((int) PATIENCE.toMillis());
        client.connect(address, (int) PATIENCE.toMillis());
        return client;
    }

    private static String clouds(int near, int far, String farRegion) {
        String where =
                farRegion == null ? "provider: aws, region: eu-central-1" : "provider: gcp, region: " + farRegion;
        return """
                multicloud: { provider: aws, region: eu-central-1 }
                engine: { shards: 1, max-flows: 10000 }
                services:
                  - name: web
                    listen: "tcp://127.0.0.1:0"
                    health: { protocol: none }
                    backends:
                      - { id: near, address: "127.0.0.1:%d", provider: aws, region: eu-central-1, cost-per-gb: %s }
                      - { id: far, address: "127.0.0.1:%d", %s, cost-per-gb: %s }
                """.formatted(near, NEAR_PRICE, far, where, FAR_PRICE);
    }

    private static String switched(boolean isFirstOn, TcpBackend one, TcpBackend two) {
        return """
                engine: { shards: 1, max-flows: 10000 }
                services:
                """ + service("web", "tcp", isFirstOn, one.port(), two.port());
    }

    private static String switchedUdp(boolean isFirstOn, UdpBackend one, UdpBackend two) {
        return service("echo", "udp", isFirstOn, one.port(), two.port());
    }

    private static String service(String name, String protocol, boolean isFirstOn, int one, int two) {
        return """
                  - name: %s
                    listen: "%s://127.0.0.1:0"
                    health: { protocol: none }
                    backends:
                      - { id: one, address: "127.0.0.1:%d", enabled: %s }
                      - { id: two, address: "127.0.0.1:%d" }
                """.formatted(name, protocol, one, isFirstOn, two);
    }
}

package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.ProxyStatus;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.WireTap;
import io.marchproxy.l3l4.engine.testing.WireTap.Packet;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What rules that police let pass, mark anew and drop, as tshark reads it off the wire, beside what they counted. What each packet's
 * color has to be, to the nanosecond, {@code PolicingProofIT} holds.
 */
@RequiresNetNs
@RequiresProgram({"tcpdump", "tshark", "ethtool"})
class PolicingOnTheWireIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int AF41 = 34;
    private static final int AF42 = 36;
    private static final int AF43 = 38;
    private static final int AF21 = 18;
    private static final int AF22 = 20;
    private static final int DATAGRAM = 500;
    private static final int AT_ONCE = 20;
    private static final long PAUSE_NS = 5_000_000;
    private static final long CIR = 1_000_000;
    private static final long CBS = 16_000;

    /** On one shard, whose bursts are whole ones. */
    private static final String CONFIG = """
            engine: { shards: 1 }
            qos:
              rules:
                - match: { service: single }
                  class: P1
                  police: { rate: 1Mbit, burst: 16KB, excess-burst: 8KB, exceed: remark AF43, violate: drop }
                - match: { service: double }
                  class: P2
                  police: { rate: 1Mbit, burst: 16KB, peak-rate: 2Mbit, peak-burst: 24KB, exceed: remark AF22, violate: drop }
                - match: { service: stream }
                  class: P1
                  police: { rate: 1Mbit, burst: 16KB, exceed: remark AF42 }
                - match: { service: passing }
                  class: P1
                  police: { rate: 1Mbit, burst: 16KB, conform: remark AF43, exceed: pass }
            services:
              - { name: single, listen: "udp://10.77.1.1:5004", backends: [ { id: s, address: "10.77.2.2:9000" } ] }
              - { name: double, listen: "udp://[fd77:1::1]:5006", backends: [ { id: d, address: "[fd77:2::2]:9000" } ] }
              - { name: stream, health: { protocol: none }, listen: "tcp://10.77.1.1:8004", backends: [ { id: t, address: "10.77.2.2:9100" } ] }
              - { name: passing, listen: "udp://10.77.1.1:5008", backends: [ { id: p, address: "10.77.2.2:9000" } ] }
            """;

    @TempDir
    Path folder;

    @Test
    void shouldPassRemarkAndDropDatagramsAndCountThem() throws Exception {
        try (Lan lan = new Lan();
                DatagramSocket four = lan.answering("10.77.2.2", 9_000);
                DatagramSocket six = lan.answering("fd77:2::2", 9_000);
                ProxyProcess proxy = ProxyProcess.with(CONFIG).in(lan.proxy).start()) {
            assertTrue(four.isBound() && six.isBound());
            assertColors(
                    lan, proxy, "single", "10.77.1.2", "10.77.1.1", 5_004, Map.of(AF41, "conform", AF43, "exceed"));
            assertColors(
                    lan, proxy, "double", "fd77:1::2", "fd77:1::1", 5_006, Map.of(AF21, "conform", AF22, "exceed"));
            assertColors(
                    lan, proxy, "passing", "10.77.1.3", "10.77.1.1", 5_008, Map.of(AF43, "conform", AF41, "exceed"));
            ProxyStatus status = proxy.status();
            assertEquals(0, status.dropped("passing"));
            // The excess bucket begins full, and fills only while the committed one is.
            assertTrue(status.policed("single", "to-backend", "exceed", "bytes") > 8_000 - DATAGRAM, status::toString);
            // The peak rate is beyond the rate for as long as there is a flood.
            assertTrue(status.policed("double", "to-backend", "exceed", "bytes") > 8_000 - DATAGRAM, status::toString);
        }
    }

    /** Sends far more than the rate until every color was seen many times, and compares what left, by code point, with what was counted. */
    private void assertColors(
            Lan lan, ProxyProcess proxy, String service, String from, String host, int port, Map<Integer, String> marks)
            throws Exception {
        boolean drops = !service.equals("passing");
        int sent = 0;
        long beganNs = System.nanoTime();
        List<Packet> seen;
        try (WireTap tap = lan.tap(folder.resolve(service + ".pcap"));
                DatagramSocket client = lan.client(from)) {
            while (proxy.status().policed(service, "to-backend", drops ? "violate" : "exceed", "packets") < 300) {
                assertTrue(System.nanoTime() - beganNs < LIMIT.toNanos(), () -> "no flood: " + proxy.status());
                for (int i = 0; i < AT_ONCE; i++, sent++) {
                    byte[] text = (sent + " ".repeat(DATAGRAM - 10) + " 0").getBytes(StandardCharsets.US_ASCII);
                    client.send(new DatagramPacket(text, text.length, new InetSocketAddress(host, port)));
                }
                LockSupport.parkNanos(PAUSE_NS);
            }
            int all = sent;
            Await.until(
                    "all have come", LIMIT, () -> proxy.status().booked(service, "to-backend", "in_packets") == all);
            long passed = all - proxy.status().policed(service, "to-backend", "violate", "packets");
            Await.until(
                    "all that passed are answered",
                    LIMIT,
                    () -> proxy.status().booked(service, "to-client", "in_packets") == passed);
            proxy.awaitRest();
            seen = tap.end();
        }
        long tookNs = System.nanoTime() - beganNs;
        seen.forEach(packet -> assertTrue(packet.isSound(), () -> "checksums of " + packet));
        ProxyStatus status = proxy.status();
        long violating = 0;
        for (String direction : List.of("to-backend", "to-client")) {
            Map<String, Long> left = seen.stream()
                    .filter(Lan::isOfProxy)
                    .filter(packet -> Lan.isToBackends(packet) == direction.equals("to-backend"))
                    .collect(Collectors.groupingBy(
                            packet -> marks.getOrDefault(packet.dscp(), "with " + packet.dscp()),
                            Collectors.counting()));
            Map<String, Long> counted = Stream.of("conform", "exceed")
                    .filter(color -> status.policed(service, direction, color, "packets") > 0)
                    .collect(Collectors.toMap(
                            Function.identity(), color -> status.policed(service, direction, color, "packets")));
            assertEquals(counted, left, direction);
            assertTrue(counted.get("conform") >= CBS / DATAGRAM, counted::toString);
            violating += status.policed(service, direction, "violate", "packets");
            long conforming = status.policed(service, direction, "conform", "bytes");
            assertTrue(
                    conforming <= CBS + CIR / Byte.SIZE * tookNs / 1e9,
                    () -> conforming + " bytes conform in " + tookNs + " ns");
        }
        assertEquals(violating, status.dropped(service, "policed"));
        assertEquals(violating, status.dropped(service), "for no other reason");
        assertEquals(
                violating,
                Math.round(proxy.metric("marchproxy_policed_packets_total", "service " + service, "violate")),
                "and /metrics says so");
    }

    @Test
    void shouldMarkStreamsAnewAndDropNoneOfTheirBytes() throws Exception {
        int bytes = 1 << 20;
        List<Packet> seen;
        try (Lan lan = new Lan();
                TcpBackend backend = lan.backends.inside(
                        () -> TcpBackend.serving(new InetSocketAddress("10.77.2.2", 9_100), TcpBackend::echo));
                ProxyProcess proxy = ProxyProcess.with(CONFIG).in(lan.proxy).start();
                WireTap tap = lan.tap(folder.resolve("stream.pcap"))) {
            try (Socket client = lan.clients.connect("10.77.1.1", 8_004)) {
                byte[] sent = new byte[bytes];
                CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> send(client, sent));
                assertEquals(bytes, client.getInputStream().readNBytes(bytes).length);
                sending.join();
                assertEquals(-1, client.getInputStream().read());
            }
            assertEquals(1, backend.accepted());
            ProxyStatus status = proxy.awaitRest();
            for (String direction : List.of("to-backend", "to-client")) {
                long conform = status.policed("stream", direction, "conform", "bytes");
                long exceed = status.policed("stream", direction, "exceed", "bytes");
                assertEquals(bytes, conform + exceed, direction);
                assertTrue(conform > 0 && exceed > bytes / 2, conform + " conform " + direction);
            }
            assertEquals(0, status.dropped("stream"));
            seen = tap.end();
        }
        List<Packet> segments = seen.stream()
                .filter(packet -> Lan.isOfProxy(packet) && packet.tcpBytes() > 0)
                .toList();
        for (boolean toBackend : List.of(true, false)) {
            Map<Integer, Integer> marks = segments.stream()
                    .filter(packet -> Lan.isToBackends(packet) == toBackend)
                    .collect(Collectors.toMap(Packet::dscp, Packet::tcpBytes, Integer::sum));
            assertEquals(Set.of(AF41, AF42), marks.keySet(), marks::toString);
            assertTrue(marks.get(AF42) > bytes / 2, marks::toString);
        }
        segments.forEach(packet -> assertTrue(packet.isSound(), () -> "checksums of " + packet));
    }

    private static void send(Socket to, byte[] bytes) {
        try {
            to.getOutputStream().write(bytes);
            to.shutdownOutput();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}

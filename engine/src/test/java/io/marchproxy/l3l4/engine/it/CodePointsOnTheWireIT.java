package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every code point and ECN field, as tshark reads them off the wire, on either side of a real proxy. */
@RequiresNetNs
@RequiresProgram({"tcpdump", "tshark", "ethtool"})
class CodePointsOnTheWireIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int CE = 3;
    private static final int AF41 = 34;
    private static final int AF21 = 18;
    private static final int AF12 = 12;
    private static final int AF11 = 10;
    private static final int CS1 = 8;
    private static final int CS5 = 40;
    private static final int DATAGRAM = 500;

    /** Twice what the services below let through, for a second. */
    private static final int DATAGRAMS = 1_000;

    private static final long GAP_NS = 1_000_000;

    /** What a client's code point becomes by the rules below; P1's own where none matches. */
    private static final Map<Integer, Integer> WANTED = Map.of(0, AF41, CS1, AF21, AF11, AF12, CS5, CS5);

    /** What a backend answers with, whose datagrams go by the same rules: each another one than it was asked with. */
    private static final Map<Integer, Integer> ANSWERED = Map.of(0, CS5, CS1, AF11, AF11, 0, CS5, CS1);

    private static final String CONFIG = """
            engine: { mode: %s }
            qos:
              rules:
                - { match: { dscp: CS1 }, class: P2 }
                - { match: { dscp: AF11 }, class: P1, dscp: AF12 }
                - { match: { dscp: CS5 }, class: P1, dscp: preserve }
            services:
              - { name: udp4, class: P1, listen: "udp://10.77.1.1:5004", backends: [ { id: b4, address: "10.77.2.2:9000" } ] }
              - { name: udp6, class: P1, listen: "udp://[fd77:1::1]:5006", backends: [ { id: b6, address: "[fd77:2::2]:9000" } ] }
              - { name: dual, class: P1, listen: "udp://*:5010", backends: [ { id: bd, address: "[fd77:2::2]:9000" } ] }
              - { name: tcp4, class: P1, health: { protocol: none }, listen: "tcp://10.77.1.1:8004", backends: [ { id: t4, address: "10.77.2.2:9100" } ] }
              - { name: tcp6, class: P1, health: { protocol: none }, listen: "tcp://[fd77:1::1]:8006", backends: [ { id: t6, address: "[fd77:2::2]:9100" } ] }
              - { name: both, class: P1, health: { protocol: none }, listen: "tcp://*:8010", backends: [ { id: td, address: "[fd77:2::2]:9100" } ] }
              - { name: up, class: P1, listen: "udp://10.77.1.1:5020", rate: { to-backend: 2Mbit }, burst: 16KiB,
                  backends: [ { id: u, address: "10.77.2.2:9001" } ] }
              - { name: down, class: P1, listen: "udp://[fd77:1::1]:5030", rate: { to-client: 2Mbit }, burst: 16KiB,
                  backends: [ { id: d, address: "[fd77:2::2]:9000" } ] }
            """;

    @TempDir
    Path folder;

    private static void send(DatagramSocket from, int tos, String text, String host, int port) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        from.setTrafficClass(tos);
        from.send(new DatagramPacket(bytes, bytes.length, new InetSocketAddress(host, port)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"run-to-completion", "pipelined"})
    void shouldLeaveAsTheRulesSayAndPassTheEcnFieldOn(String mode) throws Exception {
        List<Packet> seen;
        Map<String, Integer> toBackend = new HashMap<>();
        Map<String, Integer> toClient = new HashMap<>();
        try (Lan lan = new Lan();
                DatagramSocket four = lan.answering("10.77.2.2", 9_000);
                DatagramSocket six = lan.answering("fd77:2::2", 9_000);
                TcpBackend tcpFour = lan.backends.inside(
                        () -> TcpBackend.serving(new InetSocketAddress("10.77.2.2", 9_100), TcpBackend::echo));
                TcpBackend tcpSix = lan.backends.inside(
                        () -> TcpBackend.serving(new InetSocketAddress("fd77:2::2", 9_100), TcpBackend::echo));
                ProxyProcess proxy =
                        ProxyProcess.with(CONFIG.formatted(mode)).in(lan.proxy).start();
                WireTap tap = lan.tap(folder.resolve("wire.pcap"))) {
            assertTrue(four.isBound() && six.isBound());
            for (int dscp : WANTED.keySet()) {
                converse(lan, "10.77.1.2", "10.77.1.1", 5_004, dscp, toBackend, toClient);
                converse(lan, "fd77:1::2", "fd77:1::1", 5_006, dscp, toBackend, toClient);
                converse(lan, "10.77.1.2", "10.77.1.1", 5_010, dscp, toBackend, toClient);
                converse(lan, "fd77:1::2", "fd77:1::1", 5_010, dscp, toBackend, toClient);
            }
            for (int dscp : WANTED.keySet()) {
                echo(lan, "10.77.1.1", 8_004, dscp);
                echo(lan, "fd77:1::1", 8_006, dscp);
                echo(lan, "10.77.1.1", 8_010, dscp);
                echo(lan, "fd77:1::1", 8_010, dscp);
            }
            assertEquals(4, tcpFour.accepted());
            assertEquals(12, tcpSix.accepted());
            proxy.awaitRest();
            seen = tap.end();
        }
        seen.forEach(packet -> assertTrue(packet.isSound(), () -> "checksums of " + packet));
        assertDatagrams(seen, toBackend, toClient);
        assertSegments(seen);
    }

    /** Asks with each ECN field, and has it answered with another, and with another code point. */
    private static void converse(
            Lan lan,
            String from,
            String host,
            int port,
            int dscp,
            Map<String, Integer> toBackend,
            Map<String, Integer> toClient)
            throws Exception {
        try (DatagramSocket client = lan.client(from)) {
            for (int ecn = 0; ecn <= CE; ecn++) {
                int answered = ANSWERED.get(dscp);
                int back = answered << 2 | (CE - ecn);
                String text = host + " " + port + " " + dscp + " " + ecn + " " + back;
                send(client, dscp << 2 | ecn, text, host, port);
                client.receive(new DatagramPacket(new byte[2_000], 2_000));
                toBackend.put(text, WANTED.get(dscp) << 2 | ecn);
                toClient.put(text, WANTED.get(answered) << 2 | (CE - ecn));
            }
        }
    }

    private static void assertDatagrams(
            List<Packet> seen, Map<String, Integer> toBackend, Map<String, Integer> toClient) {
        Map<String, Integer> left = new HashMap<>();
        Map<String, Integer> answered = new HashMap<>();
        for (Packet packet : seen) {
            if (packet.tcpBytes() < 0 && Lan.isOfProxy(packet)) {
                (Lan.isToBackends(packet) ? left : answered).put(packet.text(), packet.tos());
            }
        }
        assertEquals(toBackend, left);
        assertEquals(toClient, answered);
    }

    private static void echo(Lan lan, String host, int port, int dscp) throws Exception {
        try (Socket client = lan.clients.inside(() -> {
            Socket socket = new Socket();
            socket.setTrafficClass(dscp << 2);
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(host, port), 5_000);
            return socket;
        })) {
            // As many bytes as the code point's number and one, by which its segments are told on the wire.
            byte[] bytes = new byte[dscp + 1];
            client.getOutputStream().write(bytes);
            assertEquals(bytes.length, client.getInputStream().readNBytes(bytes.length).length);
            client.shutdownOutput();
            assertEquals(-1, client.getInputStream().read());
        }
    }

    /** Segments with bytes, in both directions, and the SYN towards the backend; ECN is nothing that was asked for. */
    private static void assertSegments(List<Packet> seen) {
        Map<String, Integer> counts = new HashMap<>();
        List<Integer> begun = new ArrayList<>();
        for (Packet packet : seen) {
            if (packet.tcpBytes() < 0 || !Lan.isOfProxy(packet)) {
                continue;
            }
            assertEquals(0, packet.ecn(), packet::toString);
            if (packet.isSyn()) {
                begun.add(packet.dscp());
            } else if (packet.tcpBytes() > 0) {
                assertEquals(WANTED.get(packet.tcpBytes() - 1), packet.dscp(), packet::toString);
                counts.merge(packet.from() + " " + packet.dscp(), 1, Integer::sum);
            }
        }
        begun.sort(null);
        assertEquals(
                List.of(AF12, AF12, AF12, AF12, AF21, AF21, AF21, AF21, AF41, AF41, AF41, AF41, CS5, CS5, CS5, CS5),
                begun);
        for (int dscp : WANTED.values()) {
            assertEquals(2, counts.get("10.77.1.1 " + dscp), counts::toString);
            assertEquals(2, counts.get("fd77:1::1 " + dscp), counts::toString);
            assertEquals(1, counts.get("10.77.2.1 " + dscp), counts::toString);
            assertEquals(3, counts.get("fd77:2::1 " + dscp), counts::toString);
        }
    }

    /** Twice the rate, towards backends by IPv4 and towards clients by IPv6. */
    @Test
    void shouldMarkWhatWaitsTooLongAndDropItWhereTheEndsDoNotUseEcn() throws Exception {
        try (Lan lan = new Lan();
                DatagramSocket sink =
                        lan.backends.inside(() -> new DatagramSocket(new InetSocketAddress("10.77.2.2", 9_001)));
                DatagramSocket six = lan.answering("fd77:2::2", 9_000);
                ProxyProcess proxy = ProxyProcess.with(CONFIG.formatted("auto"))
                        .in(lan.proxy)
                        .start()) {
            assertTrue(sink.isBound() && six.isBound());
            List<Packet> up = flood(lan, proxy, "up", "10.77.1.2", "10.77.1.1", 5_020, 2, 0);
            List<Packet> down = flood(lan, proxy, "down", "fd77:1::2", "fd77:1::1", 5_030, 0, CS1 << 2 | 1);
            List<Packet> deaf = flood(lan, proxy, "up", "10.77.1.3", "10.77.1.1", 5_020, 0, 0);

            assertMarked(up.stream().filter(Lan::isToBackends).toList(), 2);
            assertMarked(
                    down.stream()
                            .filter(packet -> Lan.isOfProxy(packet) && !Lan.isToBackends(packet))
                            .toList(),
                    1);
            long marks = up.stream().filter(packet -> packet.ecn() == CE).count();
            assertEquals(marks, proxy.status().booked("up", "to-backend", "marked_packets"));
            marks = down.stream().filter(packet -> packet.ecn() == CE).count();
            assertEquals(marks, proxy.status().booked("down", "to-client", "marked_packets"));
            List<Packet> left = deaf.stream().filter(Lan::isToBackends).toList();
            assertTrue(left.stream().allMatch(packet -> packet.ecn() == 0));
            long dropped = proxy.status().dropped("up", "queue-delay");
            assertTrue(dropped > 5, dropped + " dropped");
            assertEquals(DATAGRAMS - dropped, left.size());
            double shown = proxy.metric("marchproxy_packets_dropped_total", "service=\"up\"", "reason=\"queue-delay\"");
            assertEquals(dropped, Math.round(shown));
            assertTrue(proxy.metric("marchproxy_qos_queue_delay_seconds_count", "P2", "to-client") > DATAGRAMS / 2.0);
        }
    }

    /** Sends for a second, lets everything leave, and answers what was seen on the wire, of which all was sound. */
    private List<Packet> flood(
            Lan lan, ProxyProcess proxy, String service, String from, String host, int port, int ecn, int answered)
            throws Exception {
        try (WireTap tap = lan.tap(folder.resolve(from + ".pcap"));
                DatagramSocket client = lan.client(from)) {
            long before = proxy.status().booked(service, "to-backend", "in_packets");
            long nextNs = System.nanoTime();
            for (int i = 0; i < DATAGRAMS; i++) {
                String text = i + " ".repeat(DATAGRAM - 10) + " " + answered;
                send(client, CS1 << 2 | ecn, text, host, port);
                nextNs += GAP_NS;
                LockSupport.parkNanos(nextNs - System.nanoTime());
            }
            Await.until(
                    "all have come",
                    LIMIT,
                    () -> proxy.status().booked(service, "to-backend", "in_packets") == before + DATAGRAMS);
            if (service.equals("down")) {
                Await.until(
                        "all are answered",
                        LIMIT,
                        () -> proxy.status().booked(service, "to-client", "in_packets") == DATAGRAMS);
            }
            proxy.awaitRest();
            List<Packet> seen = tap.end();
            seen.forEach(packet -> assertTrue(packet.isSound(), () -> "checksums of " + packet));
            return seen;
        }
    }

    /** All have come, by the rule's code point, and a few with CE: as many as the square root law has in the time. */
    private static void assertMarked(List<Packet> left, int ecn) {
        assertEquals(DATAGRAMS, left.stream().map(Packet::text).distinct().count());
        assertTrue(left.stream().allMatch(packet -> packet.dscp() == AF21));
        assertTrue(left.stream().allMatch(packet -> packet.ecn() == CE || packet.ecn() == ecn));
        long marked = left.stream().filter(packet -> packet.ecn() == CE).count();
        assertTrue(marked > 5 && marked < 200, marked + " marked");
    }
}

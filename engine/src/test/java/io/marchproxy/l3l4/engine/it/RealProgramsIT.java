package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Nginx;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RealProgram.Outcome;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traffic of programs that nobody here wrote goes through and arrives. */
class RealProgramsIT {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MOST_RUNS = 5;

    @TempDir
    Path folder;

    private int iperfRuns;

    /** Without probes: an idle iperf3 takes every connection for the control connection of a test. */
    @Test
    @RequiresProgram("iperf3")
    void shouldCarryIperfControlAndDataThroughOneServiceName() throws IOException {
        int serverPort = Ports.free();
        int port = Ports.free();
        String services = """
                services:
                  - name: iperf
                    listen: [ "tcp://127.0.0.1:%1$d", "udp://127.0.0.1:%1$d" ]
                    health: { protocol: none }
                    backends: [ { id: b, address: "127.0.0.1:%2$d" } ]
                """.formatted(port, serverPort);
        try (var server = RealProgram.of("iperf3", "--forceflush", "-s", "-B", "127.0.0.1", "-p", "" + serverPort)
                        .start();
                ProxyProcess proxy = ProxyProcess.with(services).start()) {
            JsonNode up = iperf(server, port, "-n", "400M", "-P", "4");
            JsonNode down = iperf(server, port, "-n", "400M", "-R");
            JsonNode udpUp = datagrams(server, port);
            JsonNode udpDown = datagrams(server, port, "-R");

            assertTrue(up.at("/end/sum_received/bytes").asLong() > 100_000_000, up::toPrettyString);
            assertTrue(down.at("/end/sum_received/bytes").asLong() > 100_000_000, down::toPrettyString);
            assertEquals(0, udpUp.at("/end/sum/lost_packets").asLong(-1), udpUp::toPrettyString);
            assertEquals(0, udpDown.at("/end/sum/lost_packets").asLong(-1), udpDown::toPrettyString);
            assertTrue(udpUp.at("/end/sum/packets").asLong() > 1_000, udpUp::toPrettyString);
            assertTrue(udpDown.at("/end/sum/packets").asLong() > 1_000, udpDown::toPrettyString);
            assertEquals(0, proxy.status().dropped("iperf", "ring-full"), () -> "" + proxy.status());
        }
    }

    @Test
    @RequiresProgram({"nginx", "wrk", "ab"})
    void shouldServeKeptAndShortHttpConnectionsWithoutOneFailure() {
        try (Nginx nginx = Nginx.answering("hello");
                ProxyProcess proxy = ProxyProcess.with(web(nginx.port())).start()) {
            String url = url(proxy.tcp("web"));

            Outcome kept = wrk("-t1", "-c64", "-d3s", url);
            Outcome closed = wrk("-t1", "-c16", "-d2s", "-H", "Connection: close", url);
            Outcome abKept = RealProgram.of("ab", "-q", "-k", "-n", "20000", "-c", "32", url)
                    .timeout(LIMIT)
                    .runOrFail();
            Outcome abShort = RealProgram.of("ab", "-q", "-n", "5000", "-c", "32", url)
                    .timeout(LIMIT)
                    .runOrFail();

            assertNoFailure(kept);
            assertNoFailure(closed);
            assertTrue(
                    abKept.out().matches("(?s).*Complete requests: +20000\\s.*Failed requests: +0\\s.*"), abKept::out);
            assertTrue(
                    abShort.out().matches("(?s).*Complete requests: +5000\\s.*Failed requests: +0\\s.*"), abShort::out);
            assertFalse(abKept.out().contains("Non-2xx"), abKept::out);
        }
    }

    @Test
    @RequiresProgram({"dnsmasq", "dig", "dnsperf"})
    void shouldAnswerEveryDnsQueryAndEndEachSessionWithItsReply() throws IOException {
        int serverPort = Ports.free();
        int port = Ports.free();
        String services = """
                services:
                  - name: dns
                    listen: [ "udp://127.0.0.1:%1$d", "tcp://127.0.0.1:%1$d" ]
                    replies: 1
                    session-timeout: 5m
                    backends: [ { id: b, address: "127.0.0.1:%2$d" } ]
                """.formatted(port, serverPort);
        try (var server = dnsmasq(serverPort);
                ProxyProcess proxy = ProxyProcess.with(services).start()) {
            Await.until(
                    "dnsmasq answers",
                    LIMIT,
                    () -> digging(serverPort, "+short", "a.example.test")
                            .run()
                            .out()
                            .strip()
                            .equals("192.0.2.7"));

            assertEquals("192.0.2.7", dig(port, "+short", "www.example.test").strip());
            assertEquals(
                    "192.0.2.7", dig(port, "+short", "+tcp", "www.example.test").strip());
            String fallback = dig(port, "+noedns", "big.test", "TXT");
            assertTrue(fallback.contains("Truncated, retrying in TCP mode"), fallback);
            assertTrue(fallback.contains("x".repeat(250)), fallback);
            Path names = Files.write(folder.resolve("names"), names());
            Outcome load = RealProgram.of(
                            "dnsperf",
                            "-s",
                            "127.0.0.1",
                            "-p",
                            "" + port,
                            "-d",
                            names.toString(),
                            "-l",
                            "3",
                            "-c",
                            "20",
                            "-q",
                            "20")
                    .timeout(LIMIT)
                    .runOrFail();
            assertTrue(load.out().matches("(?s).*Queries lost: +0 .*"), load::out);
            assertTrue(load.out().matches("(?s).*Response codes: +NOERROR \\d+ \\(100.00%\\).*"), load::out);
            Await.value(
                    "no session outlives its reply",
                    Duration.ofSeconds(5),
                    proxy::status,
                    status -> status.connections("dns") == 0);
            assertEquals(0, proxy.status().dropped("dns"), () -> "" + proxy.status());
            assertTrue(server.isAlive(), server::err);
        }
    }

    private static String web(int backendPort) {
        return """
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(backendPort);
    }

    private static String url(InetSocketAddress address) {
        return "http://127.0.0.1:" + address.getPort() + "/";
    }

    private static Outcome wrk(String... arguments) {
        // What a busy machine is late with has not failed.
        List<String> command = new ArrayList<>(List.of("wrk", "--timeout", "30s"));
        command.addAll(List.of(arguments));
        return RealProgram.of(command).timeout(LIMIT).runOrFail();
    }

    private static void assertNoFailure(Outcome wrk) {
        assertTrue(wrk.out().matches("(?s).*[1-9]\\d* requests in .*"), wrk::out);
        assertFalse(wrk.out().contains("Socket errors") || wrk.out().contains("Non-2xx"), wrk::out);
    }

    /** By the bytes to carry, not by time, and once the server has done with the one before: it takes one at a time. */
    private JsonNode iperf(RealProgram.Running server, int port, String... arguments) throws IOException {
        iperfRuns++;
        Await.value(
                "iperf3 listens",
                LIMIT,
                () -> server.out()
                        .lines()
                        .filter(line -> line.startsWith("Server listening"))
                        .count(),
                count -> count == iperfRuns);
        List<String> command = new ArrayList<>(List.of("iperf3", "-J", "-c", "127.0.0.1", "-p", "" + port));
        command.addAll(List.of(arguments));
        return new ObjectMapper()
                .readTree(RealProgram.of(command).timeout(LIMIT).runOrFail().out());
    }

    /**
     * A machine that stalls for a tenth of a second overflows the sockets of iperf3 itself, which proves nothing: of some runs one
     * has to be without any loss.
     */
    private JsonNode datagrams(RealProgram.Running server, int port, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("-t", "2", "-u", "-b", "10M", "-l", "1400"));
        arguments.addAll(List.of(more));
        JsonNode run;
        int runs = 0;
        do {
            run = iperf(server, port, arguments.toArray(String[]::new));
        } while (++runs < MOST_RUNS && run.at("/end/sum/lost_packets").asLong(-1) > 0);
        return run;
    }

    private static RealProgram.Running dnsmasq(int port) {
        String text = "x".repeat(250);
        return RealProgram.of(
                        "dnsmasq",
                        "--keep-in-foreground",
                        "--conf-file=/dev/null",
                        "--no-resolv",
                        "--no-hosts",
                        "--pid-file",
                        "--user=root",
                        "--bind-interfaces",
                        "--listen-address=127.0.0.1",
                        "--port=" + port,
                        "--address=/example.test/192.0.2.7",
                        "--txt-record=big.test," + String.join(",", text, text, text, text))
                .start();
    }

    private static String dig(int port, String... arguments) {
        return digging(port, arguments).runOrFail().out();
    }

    private static RealProgram digging(int port, String... arguments) {
        List<String> command = new ArrayList<>(List.of("dig", "@127.0.0.1", "-p", "" + port, "+tries=1", "+time=10"));
        command.addAll(List.of(arguments));
        return RealProgram.of(command).timeout(LIMIT);
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            names.add("host" + i + ".example.test A");
        }
        return names;
    }
}

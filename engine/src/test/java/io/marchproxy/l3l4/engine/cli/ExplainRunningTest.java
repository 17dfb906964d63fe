package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.marchproxy.l3l4.engine.testing.HttpServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class ExplainRunningTest {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer admin;

    @BeforeEach
    void start() throws IOException {
        admin = HttpServers.plain();
        admin.createContext("/", exchange -> {
            try (exchange) {
                String query = exchange.getRequestURI().getQuery();
                asked.add(exchange.getRequestMethod() + " "
                        + exchange.getRequestURI().getPath() + "?" + query);
                boolean isUnknown = query.contains("service=none");
                String answer = query.contains("dscp=46") ? "flow x\nchoice     none: nobody\n" : "choice     aws-1\n";
                byte[] body = (isUnknown ? "no such service\n" : answer).getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(isUnknown ? 404 : 200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        admin.start();
    }

    @AfterEach
    void stop() {
        admin.stop(0);
    }

    @Test
    void shouldAskTheServiceThatRuns() {
        assertEquals(0, run("--shard", "1", "udp", "[2001:db8::1]:5000", "[::1]:5353"));
        assertEquals(1, run("--dscp", "46", "ip 10.0.0.1 > 192.0.2.7"));
        assertEquals(
                List.of(
                        "GET /api/v1/explain?protocol=udp&source=[2001:db8::1]:5000&destination=[::1]:5353&dscp=0&format=text&shard=1",
                        "GET /api/v1/explain?protocol=ip&source=10.0.0.1&destination=192.0.2.7&dscp=46&format=text"),
                asked);
        assertEquals("choice     aws-1\nflow x\nchoice     none: nobody\n", out.toString());
    }

    @Test
    void shouldSayWhyItCouldNot() {
        assertEquals(1, run("--service", "none", "tcp", "10.0.0.1:1", "10.0.0.2:2"));
        assertEquals(2, run("--down", "aws-1", "tcp", "10.0.0.1:1", "10.0.0.2:2"));
        admin.stop(0);
        assertEquals(1, run("tcp", "10.0.0.1:1", "10.0.0.2:2"));
        List<String> lines = err.toString().lines().toList();
        assertEquals("proxy-l3l4: no such service", lines.get(0));
        assertEquals(
                "proxy-l3l4: --running goes by what the service knows: no --config, --down or --latency", lines.get(1));
        assertTrue(lines.getLast().contains("does not answer"), lines.getLast());
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                "explain",
                "--running",
                "--admin",
                "http://127.0.0.1:" + admin.getAddress().getPort()));
        all.addAll(List.of(arguments));
        CommandLine command = ProxyCommand.commandLine();
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return command.execute(all.toArray(String[]::new));
    }
}

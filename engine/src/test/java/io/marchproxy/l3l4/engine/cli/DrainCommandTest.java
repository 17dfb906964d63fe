package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.marchproxy.l3l4.engine.testing.HttpServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DrainCommandTest {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer admin;

    @BeforeEach
    void start() throws IOException {
        admin = HttpServers.plain();
        admin.createContext("/", exchange -> {
            try (exchange) {
                String path = exchange.getRequestURI().getRawPath();
                asked.add(exchange.getRequestMethod() + " " + path);
                byte[] body = (path.contains("none") ? "there is no such backend\n" : "done\n")
                        .getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(path.contains("none") ? 404 : 200, body.length);
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
    void shouldDrainAndUndo() {
        assertEquals(0, run("drain", "web", "aws-1"));
        assertEquals(0, run("drain", "web", "[::1]:80", "--undo"));
        assertEquals(
                List.of(
                        "POST /api/v1/services/web/backends/aws-1/drain",
                        "POST /api/v1/services/web/backends/%5B%3A%3A1%5D%3A80/undrain"),
                asked);
        assertEquals("done\ndone\n", out.toString());
    }

    @Test
    void shouldTakeTheCommandsThatTheDocumentationShows() throws IOException {
        List<String> shown =
                Files.readAllLines(Path.of(System.getProperty("project.root"), "docs", "HEALTH.md")).stream()
                        .filter(line -> line.startsWith("proxy-l3l4 drain "))
                        .toList();
        assertEquals(2, shown.size());
        for (String line : shown) {
            assertEquals(0, run(line.substring("proxy-l3l4 ".length()).split(" ")), line);
        }
        assertEquals(
                List.of(
                        "POST /api/v1/services/web/backends/aws-1/drain",
                        "POST /api/v1/services/web/backends/aws-1/undrain"),
                asked);
    }

    @Test
    void shouldSayWhyItCouldNot() {
        assertEquals(1, run("drain", "web", "none"));
        assertEquals("proxy-l3l4: there is no such backend\n", err.toString());
    }

    @Test
    void shouldSayThatNoServiceAnswers() {
        admin.stop(0);
        assertEquals(1, run("drain", "web", "aws-1"));
        assertTrue(err.toString().contains("does not answer"), err.toString());
    }

    @Test
    void shouldRefuseAnAddressThatIsNone() {
        StringWriter text = new StringWriter();
        CommandLine command = ProxyCommand.commandLine().setErr(new PrintWriter(text, true));
        assertEquals(2, command.execute("drain", "web", "aws-1", "--admin", "ftp://127.0.0.1"));
        assertTrue(text.toString().contains("no http URL"), text.toString());
        assertEquals(
                2,
                ProxyCommand.commandLine().setErr(new PrintWriter(text, true)).execute("drain", "web"));
    }

    private int run(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--admin";
        all[arguments.length + 1] = "http://127.0.0.1:" + admin.getAddress().getPort();
        return ProxyCommand.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
    }
}

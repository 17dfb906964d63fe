package io.marchproxy.l3l4.engine.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.ExplanationJson;
import io.marchproxy.l3l4.engine.explain.ExplanationText;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.metrics.ExpositionFormat;
import io.marchproxy.l3l4.engine.metrics.MetricsPage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The admin server's pages. */
final class AdminHandler implements HttpHandler {
    private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String INDEX = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>proxy-l3l4</title></head>
            <body>
            <h1>proxy-l3l4</h1>
            <ul>
            <li><a href="/healthz">/healthz</a> 200 while the process works</li>
            <li><a href="/readyz">/readyz</a> 200 while new connections are welcome, otherwise 503</li>
            <li><a href="/status">/status</a> shards, services, backends and the books, as JSON</li>
            <li><a href="/metrics">/metrics</a> the same for Prometheus</li>
            <li><a href="/api/v1/explain">/api/v1/explain</a> why a flow goes where it goes:
            ?protocol=tcp&amp;source=10.0.0.1:40000&amp;destination=127.0.0.1:8080</li>
            </ul>
            </body>
            </html>
            """;
    private static final Pattern COMMAND =
            Pattern.compile("/api/v1/services/([^/]{1,100})/backends/([^/]{1,100})/(drain|undrain)");
    private static final Answer STARTING = new Answer(503, TEXT, "the service is starting\n");

    /** Null until the service stands. */
    private volatile @Nullable AdminSource source;

    /** One page is made at a time: however many clients ask at once, the shards see one reader. */
    private final Object oneAtATime = new Object();

    void ask(AdminSource service) {
        source = service;
    }

    /** One answer. */
    private record Answer(int status, String contentType, String body) {}

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            send(exchange, answer(exchange));
        }
    }

    private Answer answer(HttpExchange exchange) {
        String method = exchange.getRequestMethod();
        Matcher command = COMMAND.matcher(
                Objects.requireNonNullElse(exchange.getRequestURI().getPath(), ""));
        if (command.matches()) {
            return command(exchange, command);
        }
        if (!method.equals("GET") && !method.equals("HEAD")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            return new Answer(405, TEXT, "only GET and HEAD\n");
        }
        try {
            return page(exchange);
        } catch (RuntimeException e) {
            LOG.error("admin: {} failed", exchange.getRequestURI().getPath(), e);
            return new Answer(500, TEXT, "internal error; the log tells more\n");
        }
    }

    /**
     * A change. There are no passwords, so it is taken from this machine alone, and not from a page that a browser on it shows:
     * such a request says where it comes from (RFC 6454, 7).
     */
    private Answer command(HttpExchange exchange, Matcher command) {
        AdminSource service = source;
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            return new Answer(405, TEXT, "only POST\n");
        }
        if (!exchange.getRemoteAddress().getAddress().isLoopbackAddress()
                || exchange.getRequestHeaders().containsKey("Origin")) {
            return new Answer(403, TEXT, "commands are taken from the loopback alone, and from no web page\n");
        }
        if (service == null) {
            return STARTING;
        }
        String name = command.group(1);
        String backend = command.group(2);
        boolean wanted = command.group(3).equals("drain");
        if (!service.drain(name, backend, wanted)) {
            return new Answer(404, TEXT, "there is no backend " + backend + " of a service " + name + "\n");
        }
        String done = wanted ? " takes no new traffic\n" : " takes new traffic while it is healthy\n";
        return new Answer(200, TEXT, name + "/" + backend + done);
    }

    private Answer page(HttpExchange exchange) {
        AdminSource service = source;
        return switch (Objects.requireNonNullElse(exchange.getRequestURI().getPath(), "")) {
            // A process that starts works as it should: whoever restarts on a bad health would never let it finish.
            case "/healthz" -> state(service == null || service.live(), "ok", "the loops do not turn");
            case "/readyz" -> state(service != null && service.ready(), "ready", "not ready");
            case "/status" -> service == null ? STARTING : new Answer(200, "application/json", status(service));
            case "/metrics" -> service == null ? STARTING : metrics(exchange, service);
            case "/api/v1/explain" -> service == null ? STARTING : explain(exchange, service);
            case "/" -> new Answer(200, "text/html; charset=utf-8", INDEX);
            default -> new Answer(404, TEXT, "no such page; / lists them\n");
        };
    }

    private static Answer state(boolean good, String yes, String no) {
        return good ? new Answer(200, TEXT, yes + "\n") : new Answer(503, TEXT, no + "\n");
    }

    private String status(AdminSource service) {
        synchronized (oneAtATime) {
            return StatusJson.write(service.status());
        }
    }

    private Answer metrics(HttpExchange exchange, AdminSource service) {
        String accept = Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Accept"), "");
        ExpositionFormat format = ExpositionFormat.accepted(accept);
        synchronized (oneAtATime) {
            MetricsPage page =
                    MetricsPage.of(service.status(), service.residence(), service.algorithms(), service.udpEvents());
            return new Answer(200, format.contentType(), page.write(format));
        }
    }

    private Answer explain(HttpExchange exchange, AdminSource service) {
        Map<String, String> query = query(exchange);
        try {
            String format = query.getOrDefault("format", "json");
            if (!format.equals("json") && !format.equals("text")) {
                throw new IllegalArgumentException("format is json or text");
            }
            Tuple flow = Tuple.of(
                    query.getOrDefault("protocol", ""),
                    query.getOrDefault("source", ""),
                    query.getOrDefault("destination", ""),
                    number(query, "dscp"));
            synchronized (oneAtATime) {
                Explanation explanation = service.explain(flow, query.get("service"), number(query, "shard"));
                if (explanation == null) {
                    return new Answer(404, TEXT, "no such service, or no such shard\n");
                }
                return format.equals("text")
                        ? new Answer(200, TEXT, ExplanationText.write(explanation))
                        : new Answer(200, "application/json", ExplanationJson.write(explanation));
            }
        } catch (IllegalArgumentException e) {
            return new Answer(400, TEXT, e.getMessage() + "\n");
        }
    }

    private static Map<String, String> query(HttpExchange exchange) {
        Map<String, String> values = new HashMap<>();
        String query = exchange.getRequestURI().getQuery();
        if (query != null) {
            for (String part : query.split("&", -1)) {
                String[] words = part.split("=", 2);
                values.put(words[0], words.length == 1 ? "" : words[1]);
            }
        }
        return values;
    }

    private static int number(Map<String, String> query, String name) {
        String text = query.getOrDefault(name, "0");
        if (!text.matches("[0-9]{1,4}")) {
            throw new IllegalArgumentException(name + " is no number");
        }
        return Integer.parseInt(text);
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", answer.contentType());
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        if (exchange.getRequestMethod().equals("HEAD")) {
            headers.set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(answer.status(), -1);
        } else {
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }
}

package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A recording of faults, made by a process that stands in a network of its own: services of every algorithm, each by TCP and UDP, before
 * two backends, one of which fails in one way after the other while clients ask.
 *
 * <p>Arguments: the data folder, and the engine section's content but the journal.
 */
final class FaultScene {
    private static final int FAILING = 9001;
    private static final int STEADY = 9002;
    private static final int FIRST = 8000;

    /** So many of the clients of each service have to be served once more. */
    private static final int SERVED = 25;

    /** How a service chooses, by its name. */
    private static final Map<String, String> SERVICES = new TreeMap<>(
            Map.of(
                    "failover", "algorithm: failover",
                    "latency", "algorithm: latency",
                    "cost",
                            "algorithm: cost\n    routing: { daily-budget: 0.0000001, latency-budget: 20ms, slow-start: 500ms }",
                    "weighted", "algorithm: weighted\n    routing: { slow-start: 300ms }",
                    "least", "algorithm: least-connections",
                    "turns", "algorithm: weighted-round-robin\n    routing: { panic-threshold: 40 }",
                    "maglev", "algorithm: maglev\n    routing: { table-size: 251 }",
                    "geo", "algorithm: geo",
                    "sticky",
                            "algorithm: round-robin\n    routing: { sticky: client, table-size: 251, daily-budget: 0.0000001 }"));

    private final FaultyEcho failing = new FaultyEcho('f', FAILING);
    private final FaultyEcho steady = new FaultyEcho('s', STEADY);
    private final List<AskingClients> clients = new ArrayList<>();
    private final RealProxy proxy;

    private FaultScene(Path data, String engine) throws IOException {
        proxy = new RealProxy(data, configuration(engine));
        int port = FIRST;
        for (String service : SERVICES.keySet()) {
            clients.add(new AskingClients(service, port++));
        }
    }

    /** Plays it. */
    public static void main(String[] arguments) throws Exception {
        FaultScene scene = new FaultScene(Path.of(arguments[0]), arguments[1]);
        try {
            scene.play();
        } finally {
            scene.proxy.close();
        }
    }

    /** What the recorded configuration says of a service, for another that differs. */
    static String candidate(Path data) {
        return "data-dir: " + data + "\n"
                + configuration("shards: 1")
                        .replace("algorithm: round-robin", "algorithm: failover")
                        .replace("cost-per-gb: 0.09", "cost-per-gb: 0.03");
    }

    private static String configuration(String engine) {
        StringBuilder text = new StringBuilder("""
                engine: { %s, max-flows: 20000, journal: { mode: packets, max-size: 1GB } }
                multicloud: { provider: aws, region: eu-central-1 }
                services:
                """.formatted(engine));
        int port = FIRST;
        for (Map.Entry<String, String> service : SERVICES.entrySet()) {
            text.append("""
                      - name: %1$s
                        listen: [ "tcp://127.0.0.1:%2$d", "udp://127.0.0.1:%2$d" ]
                        %3$s
                        connect: { timeout: 200ms }
                        health: { interval: 100ms, hold: 100ms, eject-for: 200ms, max-hold: 400ms, silence: 100ms, on-unhealthy: %4$s }
                        backends:
                          - { id: failing, address: "127.0.0.1:%5$d", provider: aws, region: eu-central-1, cost-per-gb: 0.01 }
                          - { id: steady, address: "127.0.0.1:%6$d", provider: gcp, region: europe-west4, cost-per-gb: 0.09, priority: 2 }
                    """.formatted(
                    service.getKey(), port, service.getValue(), port % 2 == 0 ? "reset" : "leave", FAILING, STEADY));
            port++;
        }
        return text.toString();
    }

    private void play() throws Exception {
        allAreServed();
        failing.die();
        isTold("failover/tcp", "refused");
        isTold("failover/udp", "refused");
        allAreServed();
        failing.comeBack();
        allAreBack();

        nft("add rule inet faults in meta l4proto { tcp, udp } th dport " + FAILING + " drop");
        isTold("failover/tcp", "timed out");
        isTold("failover/udp", "no answer to traffic for");
        allAreServed();
        nft("flush chain inet faults in");
        allAreBack();

        failing.mode(FaultyEcho.Mode.RESETTING);
        isTold("failover/tcp", "reset before they are answered");
        allAreServed();
        failing.mode(FaultyEcho.Mode.NORMAL);
        allAreBack();

        failing.mode(FaultyEcho.Mode.FROZEN);
        isTold("failover/tcp", "no answer to traffic for");
        isTold("failover/udp", "no answer to traffic for");
        allAreServed();
        failing.mode(FaultyEcho.Mode.NORMAL);
        allAreBack();

        failing.mode(FaultyEcho.Mode.SLOW);
        allAreServed();
        failing.mode(FaultyEcho.Mode.NORMAL);
        allAreBack();
        allAreServed();

        clients.forEach(AskingClients::close);
        proxy.stop();
        failing.close();
        steady.close();
    }

    /** Waits until the log says of a service's first backend why it is out, later than what was told of it before. */
    private void isTold(String service, String why) {
        Recording.await(service + " is told: " + why, () -> {
            String last = last("backend " + service + "/failing is ");
            return last.contains("not healthy") && last.contains(why);
        });
    }

    /** Waits until no service has the first backend out. */
    private void allAreBack() {
        for (String service : SERVICES.keySet()) {
            for (String protocol : List.of("tcp", "udp")) {
                String label = "backend " + service + "/" + protocol + "/failing is ";
                Recording.await(label + "healthy again", () -> !last(label).contains("not healthy"));
            }
        }
    }

    private String last(String words) {
        return proxy.log().lines().filter(line -> line.contains(words)).reduce("", (before, line) -> line);
    }

    /** Waits until clients of each service, of either protocol, have been served so often from now on. */
    private void allAreServed() {
        clients.forEach(AskingClients::countAnew);
        for (AskingClients each : clients) {
            Recording.await("clients of " + each + " are served", () -> each.served() >= SERVED);
        }
    }

    private static void nft(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of("nft", command))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), String.format(Locale.ROOT, "nft %s: %s", command, said));
    }
}

package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code bench peers-load}: the load of {@code bench peers}, in a JVM of its own that stands in the comparison's namespace and
 * stays warm. Takes a task a line from standard input, answers each with a line that begins with {@code ok} or {@code failed},
 * and ends with its input, that is with whoever started it.
 *
 * <pre>
 * flood PORT SINK-PORT BYTES MERGED SECONDS PID…
 * lossless PORT SINK-PORT BYTES MERGED SECONDS-OF-A-TRIAL
 * latency PORT SINK-PORT BYTES PER-SECOND SECONDS LOG TAG PID…
 * idle PORT BACKEND-PORT COUNT
 * release
 * await PORT
 * </pre>
 *
 * <p>LOG is the address of a file ({@code file:…}), to which a line with the tag is added, or {@value #NO_LOG}.
 */
@Command(name = LoadCommand.NAME, hidden = true, description = "The load of peers; it starts this itself.")
public final class LoadCommand implements Callable<Integer> {
    /** How the command is called. */
    public static final String NAME = "peers-load";

    /** Stands for no file. */
    public static final String NO_LOG = "-";

    @Spec
    private CommandSpec spec;

    private final Sinks sinks = new Sinks();
    private @Nullable IdleConnections idle;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(line.strip().split(" ")));
            out.flush();
        }
        return 0;
    }

    private String answer(String[] words) {
        try {
            StringBuilder answer = new StringBuilder("ok");
            perform(words)
                    .forEach((key, value) ->
                            answer.append(' ').append(key).append('=').append(value));
            return answer.toString();
        } catch (IOException | RuntimeException e) {
            return "failed " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "failed " + e;
        }
    }

    private Map<String, Double> perform(String[] words) throws IOException, InterruptedException {
        return switch (words[0]) {
            case "flood" -> flood(words);
            case "lossless" -> lossless(words);
            case "latency" ->
                new LatencyProbe(number(words[1]), sinks.plain(number(words[2])), number(words[3]), number(words[4]))
                        .run(Double.parseDouble(words[5]), pids(words, 8), log(words[6], words[7]));
            case "idle" -> idle(number(words[1]), number(words[2]), number(words[3]));
            case "release" -> release();
            case "await" -> WebServer.await(number(words[1]));
            default -> throw new IllegalArgumentException("unknown task " + words[0]);
        };
    }

    private static LatencyProbe.Log log(String file, String tag) {
        return (latencies, startMs, endMs) -> {
            if (!file.equals(NO_LOG)) {
                RoundLog.add(Path.of(URI.create(file)), tag, latencies, startMs, endMs);
            }
        };
    }

    private Map<String, Double> flood(String[] words) throws IOException, InterruptedException {
        try (Flood flood = open(words)) {
            CpuMeter cpu = new CpuMeter(pids(words, 6));
            Flood.Trial trial = flood.run(Double.parseDouble(words[5]), 0);
            Map<String, Double> answer = new TreeMap<>();
            cpu.stop(answer);
            answer.put("sent", (double) trial.sent());
            answer.put("arrived", (double) trial.arrived());
            answer.put("arrivedPerSecond", trial.arrivedMeanwhile() / trial.seconds());
            return answer;
        }
    }

    private Map<String, Double> lossless(String[] words) throws IOException, InterruptedException {
        try (Flood flood = open(words)) {
            return Map.of("perSecond", LosslessRate.find(LosslessRate.of(flood, Double.parseDouble(words[5]))));
        }
    }

    private Flood open(String[] words) throws SystemCallException, InterruptedException {
        boolean merged = Boolean.parseBoolean(words[4]);
        return new Flood(number(words[1]), sinks.counting(number(words[2]), merged), number(words[3]), merged);
    }

    private Map<String, Double> idle(int port, int backendPort, int count) throws IOException {
        if (idle == null) {
            idle = new IdleConnections(backendPort);
        }
        idle.open(port, count);
        return Map.of("connections", (double) count);
    }

    private Map<String, Double> release() throws IOException {
        if (idle != null) {
            idle.close();
            idle = null;
        }
        return Map.of();
    }

    private static List<Long> pids(String[] words, int from) {
        List<Long> pids = new ArrayList<>();
        for (int i = from; i < words.length; i++) {
            pids.add(Long.parseLong(words[i]));
        }
        return pids;
    }

    private static int number(String word) {
        return Integer.parseInt(word);
    }
}

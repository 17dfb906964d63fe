package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which CPU does what.
 *
 * @param proxy the one CPU of whichever proxy has its turn
 * @param load the others, for load and backends, as {@code taskset -c} takes them
 */
public record Cpus(String proxy, String load) {
    /** All of them. */
    public String all() {
        return proxy + "," + load;
    }

    /** Has all threads of this JVM stay on some of them from now on. */
    public static void stayOn(String some) throws IOException, InterruptedException {
        Programs.run(List.of(
                "taskset", "-apc", some, String.valueOf(ProcessHandle.current().pid())));
    }

    /**
     * Shares out the CPUs that this process may use.
     *
     * @throws UnavailableException where there is one alone: proxy and load would take it from each other
     */
    public static Cpus of(List<Integer> allowed) throws UnavailableException {
        if (allowed.size() < 2) {
            throw new UnavailableException("needs two CPUs, one for the proxy, the others for load and backends;"
                    + " this process may use CPU " + allowed);
        }
        return new Cpus(
                String.valueOf(allowed.getFirst()),
                allowed.stream().skip(1).map(String::valueOf).collect(Collectors.joining(",")));
    }
}

package io.marchproxy.l3l4.bench.peers;

import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * All times that wrk measured, not its few percentiles alone: a script has it say each with how often it came, in microseconds. Each
 * connection waits for its answer before it asks again, so a stall hides what would have been asked meanwhile (coordinated omission).
 */
final class WrkLatencies {
    /** Called when all is over, and so without influence on what is measured. */
    static final String SCRIPT = """
            done = function(summary, latency, requests)
              for i = 1, #latency do
                local us, count = latency(i)
                io.write(string.format("latency %d %d\\n", us, count))
              end
            end
            """;

    private static final Pattern LINE = Pattern.compile("(?m)^latency ([0-9]+) ([0-9]+)$");
    private static final int DIGITS = 3;

    private WrkLatencies() {}

    /** Reads them out of wrk's report, in nanoseconds. */
    static Histogram parse(String report) {
        Histogram latencies = new Histogram(DIGITS);
        Matcher line = LINE.matcher(report);
        while (line.find()) {
            latencies.recordValueWithCount(
                    TimeUnit.MICROSECONDS.toNanos(Long.parseLong(line.group(1))), Long.parseLong(line.group(2)));
        }
        return latencies;
    }
}

package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What wrk says, with {@code --latency}.
 *
 * @param perSecond requests a second
 * @param requests in all
 * @param p50Us median of the time to the answer
 * @param p99Us its 99th percentile
 */
record WrkResult(double perSecond, double requests, double p50Us, double p99Us) {
    private static final Pattern FAILED = Pattern.compile("(?m)^ *(Socket errors|Non-2xx).*$");
    private static final Pattern PER_SECOND = Pattern.compile("(?m)^Requests/sec: +([0-9.]+)");
    private static final Pattern REQUESTS = Pattern.compile("(?m)^ *([0-9]+) requests in ");
    // A unit of one letter is followed by a blank.
    private static final Pattern P50 = Pattern.compile("(?m)^ *50% +([0-9.]+(?:us|ms|s|m)) *$");
    private static final Pattern P99 = Pattern.compile("(?m)^ *99% +([0-9.]+(?:us|ms|s|m)) *$");

    /**
     * Reads wrk's report.
     *
     * @throws IOException if requests failed, since a rate of errors says nothing; or if it isn't a report
     */
    static WrkResult parse(String report) throws IOException {
        Matcher failed = FAILED.matcher(report);
        if (failed.find()) {
            throw new IOException("wrk: requests failed: " + failed.group().strip());
        }
        return new WrkResult(
                Double.parseDouble(find(PER_SECOND, report)),
                Double.parseDouble(find(REQUESTS, report)),
                microseconds(find(P50, report)),
                microseconds(find(P99, report)));
    }

    private static String find(Pattern pattern, String report) throws IOException {
        Matcher matcher = pattern.matcher(report);
        if (!matcher.find()) {
            throw new IOException("wrk reports nothing like " + pattern + ": " + report.strip());
        }
        return matcher.group(1);
    }

    private static double microseconds(String time) {
        String unit = time.replaceAll("[0-9.]", "");
        double value = Double.parseDouble(time.substring(0, time.length() - unit.length()));
        return switch (unit) {
            case "us" -> value;
            case "ms" -> value * 1e3;
            case "s" -> value * 1e6;
            default -> value * 60e6;
        };
    }
}

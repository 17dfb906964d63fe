package io.marchproxy.l3l4.bench.faults;

import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * All faults of one kind.
 *
 * @param recoveries in the order in which they happened
 * @param verified whether the proxy decides the same again by its recording of them
 */
record FaultFigures(FaultKind kind, List<Recovery> recoveries, Verified verified) {
    private static final double NS_PER_MS = 1e6;
    private static final int DIGITS = 3;

    FaultFigures {
        recoveries = List.copyOf(recoveries);
    }

    /** Times to the first answer by the other backend, in nanoseconds. */
    Histogram first() {
        return histogram(recoveries.stream().mapToLong(Recovery::firstNs).toArray());
    }

    /** Times to the last request that suffered, in nanoseconds. */
    Histogram clean() {
        return histogram(recoveries.stream().mapToLong(Recovery::cleanNs).toArray());
    }

    int lost() {
        return recoveries.stream().mapToInt(Recovery::lost).sum();
    }

    int lostInFlight() {
        return recoveries.stream().mapToInt(Recovery::lostInFlight).sum();
    }

    /** Whether the aim is met, in words. */
    String verdict() {
        if (kind.aimMs() == 0) {
            return "no aim";
        }
        boolean inTime = ms(first(), 99) <= kind.aimMs();
        boolean noneLost = kind != FaultKind.KILLED || lost() == 0;
        String aim = "p99 ≤ " + kind.aimMs() + " ms" + (kind == FaultKind.KILLED ? ", none lost" : "");
        return aim + (inTime && noneLost ? ": met" : ": NOT met");
    }

    static double ms(Histogram times, double percentile) {
        return times.getValueAtPercentile(percentile) / NS_PER_MS;
    }

    /** One row of the report. */
    String row(String format) {
        Histogram first = first();
        return String.format(
                Locale.ROOT,
                format,
                kind.key(),
                recoveries.size(),
                ms(first, 50),
                ms(first, 90),
                ms(first, 99),
                ms(first, 100),
                ms(clean(), 99),
                lost(),
                lostInFlight(),
                verified.cell(),
                verdict());
    }

    private static Histogram histogram(long[] valuesNs) {
        Histogram histogram = new Histogram(DIGITS);
        for (long value : valuesNs) {
            histogram.recordValue(value);
        }
        return histogram;
    }
}

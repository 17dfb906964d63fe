package io.marchproxy.l3l4.bench.qos;

import java.util.List;
import java.util.function.ToIntFunction;

/**
 * How well packets keep to a rate.
 *
 * @param bitsPerSecond in the long run
 * @param excessBytes by how much the worst window exceeds what the rate brings in it: what a burst would have to be for no window to
 *     have more than burst + rate × t
 */
record Conformance(double bitsPerSecond, double excessBytes) {
    private static final int FEWEST = 8;
    private static final double BITS_PER_NS = 8e9;

    /**
     * Looks at packets, of which each ends and begins windows. The rate is the slope of the line through the sum of bytes over time with the
     * least squares: where bytes come in pieces, first and last packet alone would say where the measurement cut them.
     *
     * @param rate bits per second that they are held to
     * @param skipNs of the begin, when a burst is used up; the worst window is looked for from the first on
     * @param untilNs from the first on
     * @throws IllegalArgumentException if there are too few to say anything
     */
    static Conformance of(
            List<WirePacket> packets, ToIntFunction<WirePacket> counted, double rate, long skipNs, long untilNs) {
        long firstNs = packets.isEmpty() ? 0 : packets.getFirst().atNs();
        double perNs = rate / BITS_PER_NS;
        double sum = 0;
        double lowest = Double.MAX_VALUE;
        double excess = 0;
        int n = 0;
        double meanX = 0;
        double meanY = 0;
        double covariance = 0;
        double variance = 0;
        for (WirePacket packet : packets) {
            long atNs = packet.atNs() - firstNs;
            if (atNs > untilNs) {
                break;
            }
            lowest = Math.min(lowest, sum - atNs * perNs);
            sum += counted.applyAsInt(packet);
            excess = Math.max(excess, sum - atNs * perNs - lowest);
            if (atNs >= skipNs) {
                // Welford's way, so that nothing large is subtracted from something large.
                n++;
                double dx = atNs - meanX;
                meanX += dx / n;
                meanY += (sum - meanY) / n;
                covariance += dx * (sum - meanY);
                variance += dx * (atNs - meanX);
            }
        }
        if (n < FEWEST || variance == 0) {
            throw new IllegalArgumentException(n + " packets came: too few to measure a rate by");
        }
        return new Conformance(covariance / variance * BITS_PER_NS, excess);
    }
}

package io.marchproxy.l3l4.replay.diff;

/**
 * Bits per second that left.
 *
 * @param mean over the time that was compared
 * @param peak1s in the fullest second; −1 when the recording is too long for that to be known
 * @param peak100ms in the fullest 100 ms; −1 likewise
 */
public record RateFigures(double mean, double peak1s, double peak100ms) {
    private static final int BITS = 8;
    private static final double MS_PER_S = 1000.0;
    private static final long SECOND_MS = 1000;

    static RateFigures of(Series series, long bytes, double seconds) {
        return new RateFigures(
                seconds <= 0 ? 0 : bytes * BITS / seconds, peak(series, SECOND_MS), peak(series, Series.FINEST_MS));
    }

    private static double peak(Series series, long lengthMs) {
        long bytes = series.peakBytes(lengthMs);
        return bytes < 0 ? -1 : bytes * BITS * MS_PER_S / lengthMs;
    }
}

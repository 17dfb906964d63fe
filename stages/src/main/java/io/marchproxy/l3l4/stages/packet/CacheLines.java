package io.marchproxy.l3l4.stages.packet;

/**
 * How far apart things stand that different threads write. A line that two cores write goes back and forth between them at some
 * hundred nanoseconds a time, more than a packet's whole budget; {@code SharingBenchmark} shows it.
 *
 * <p>Two lines of 64 bytes rather than one: Intel's spatial prefetcher fetches them in pairs, and some processors have lines of 128.
 */
public final class CacheLines {
    /** The distance in bytes that keeps two writers apart. */
    public static final int APART_BYTES = 128;

    /** Unused elements at either end of a {@code long[]} whose neighbours in the heap others may write. */
    public static final int PADDING_LONGS = APART_BYTES / Long.BYTES;

    private CacheLines() {}
}

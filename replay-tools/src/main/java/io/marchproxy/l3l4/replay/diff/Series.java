package io.marchproxy.l3l4.replay.diff;

import java.util.Arrays;

/**
 * Bytes over time, in buckets of 100 ms; when there are too many of them ten become one, so that a week takes no more memory
 * than a minute does. Buckets begin at multiples of their width since 1970, whatever came first, so that series can be added.
 */
final class Series {
    /** Buckets at the most: 6 minutes of 100 ms, an hour of seconds, 11 hours of 10 s. */
    static final int MOST = 4096;

    static final long FINEST_MS = 100;
    private static final int COARSER = 10;
    private static final int FIRST_ROOM = 16;

    private long widthMs = FINEST_MS;

    /** The number of the first bucket, counted from 1970. */
    private long first;

    private int used;
    private long[] bytes = {};

    void add(long epochMs, long amount) {
        add(at(epochMs), widthMs, amount);
    }

    private long at(long epochMs) {
        return Math.floorDiv(epochMs, widthMs);
    }

    /** Adds to a bucket of this series' own width. */
    private void add(long bucket, long width, long amount) {
        long wanted = bucket;
        if (used == 0) {
            first = wanted;
        }
        while (Math.max(wanted, first + used - 1) - Math.min(wanted, first) >= MOST) {
            coarsen();
            wanted = Math.floorDiv(bucket, widthMs / width);
        }
        if (wanted < first) {
            int more = (int) (first - wanted);
            long[] moved = new long[Math.max(bytes.length, used + more)];
            System.arraycopy(bytes, 0, moved, more, used);
            bytes = moved;
            used += more;
            first = wanted;
        }
        int index = (int) (wanted - first);
        if (index >= bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.min(MOST, Math.max(FIRST_ROOM, 2 * index + 1)));
        }
        used = Math.max(used, index + 1);
        bytes[index] += amount;
    }

    private void coarsen() {
        long[] finer = bytes.clone();
        long finerFirst = first;
        int count = used;
        widthMs *= COARSER;
        first = Math.floorDiv(finerFirst, COARSER);
        Arrays.fill(bytes, 0);
        used = 0;
        for (int i = 0; i < count; i++) {
            int index = (int) (Math.floorDiv(finerFirst + i, COARSER) - first);
            bytes[index] += finer[i];
            used = index + 1;
        }
    }

    /** Adds another series, bucket by bucket. */
    void add(Series other) {
        while (widthMs < other.widthMs) {
            coarsen();
        }
        for (int i = 0; i < other.used; i++) {
            if (other.bytes[i] != 0) {
                add(Math.floorDiv((other.first + i) * other.widthMs, widthMs), widthMs, other.bytes[i]);
            }
        }
    }

    /**
     * The most bytes in a stretch of time that begins at a multiple of its length.
     *
     * @return −1 when buckets are longer than that
     */
    long peakBytes(long lengthMs) {
        if (lengthMs < widthMs) {
            return -1;
        }
        long buckets = lengthMs / widthMs;
        long peak = 0;
        long sum = 0;
        long stretch = Long.MIN_VALUE;
        for (int i = 0; i < used; i++) {
            long now = Math.floorDiv(first + i, buckets);
            sum = now == stretch ? sum + bytes[i] : bytes[i];
            stretch = now;
            peak = Math.max(peak, sum);
        }
        return peak;
    }

    Timeline timeline() {
        return new Timeline(
                first * widthMs, widthMs, Arrays.stream(bytes, 0, used).boxed().toList());
    }
}

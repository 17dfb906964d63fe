package io.marchproxy.l3l4.stages.classify;

import org.jspecify.annotations.Nullable;

/** Address prefixes as arrays of numbers: a comparison is two exclusive-ors under two masks, without a branch per family. */
final class Prefixes {
    private static final int ANY_VERSION = 0;

    private final int[] versions;
    private final long[] highs;
    private final long[] lows;
    private final long[] highMasks;
    private final long[] lowMasks;

    Prefixes(int count) {
        versions = new int[count];
        highs = new long[count];
        lows = new long[count];
        highMasks = new long[count];
        lowMasks = new long[count];
    }

    /** Sets the prefix at an index; null holds for every address. */
    void set(int i, @Nullable AddressPrefix prefix) {
        if (prefix == null) {
            versions[i] = ANY_VERSION;
            return;
        }
        versions[i] = prefix.ipVersion();
        highs[i] = prefix.high();
        lows[i] = prefix.low();
        if (prefix.ipVersion() == 4) {
            lowMasks[i] = leadingOnes(32 + prefix.length()) & 0xffff_ffffL;
        } else {
            highMasks[i] = leadingOnes(Math.min(prefix.length(), 64));
            lowMasks[i] = leadingOnes(Math.max(prefix.length() - 64, 0));
        }
    }

    boolean contains(int i, int version, long high, long low) {
        if (versions[i] == ANY_VERSION) {
            return true;
        }
        return versions[i] == version && (((high ^ highs[i]) & highMasks[i]) | ((low ^ lows[i]) & lowMasks[i])) == 0;
    }

    private static long leadingOnes(int count) {
        return count == 0 ? 0 : -1L << (64 - count);
    }
}

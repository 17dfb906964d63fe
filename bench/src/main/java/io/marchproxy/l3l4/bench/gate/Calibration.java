package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.workload.Workload;

/**
 * The unit that the gate measures in: a fixed kernel of four independent chains of integer mixing, and two updates of a
 * random place in a table that fits into the second-level cache. Much as the packet path does, it fills the execution
 * units and waits for that cache, so that a slower clock, a busy sibling thread or a cache shared with a neighbour slows both alike.
 *
 * <p>One plain loop, since the JIT is to have no choice about it: whatever it did differently from one start to the next would
 * shift all ratios. Changing it changes every ratio: then the baseline has to be made anew.
 */
public final class Calibration implements Workload {
    private static final int TABLE = 1 << 14;

    private final long[] table = new long[TABLE];
    private long a = 1;
    private long b = 2;
    private long c = 3;
    private long d = 4;

    @Override
    public int batch() {
        long p = a;
        long q = b;
        long r = c;
        long s = d;
        for (int i = 0; i < BATCH; i++) {
            p = mix(mix(mix(mix(p + i))));
            q = mix(mix(mix(mix(q + i))));
            r = mix(mix(mix(mix(r + i))));
            s = mix(mix(mix(mix(s + i))));
            table[(int) p & (TABLE - 1)] += q;
            table[(int) r & (TABLE - 1)] ^= s;
        }
        a = p;
        b = q;
        c = r;
        d = s;
        return BATCH;
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 29)) * 0xbf58_476d_1ce4_e5b9L;
        return mixed ^ (mixed >>> 32);
    }
}

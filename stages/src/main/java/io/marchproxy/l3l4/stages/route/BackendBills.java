package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * By backend number: the bytes that leave it and are paid for, and what those of former prices cost. The pipeline's thread
 * writes; any may ask.
 */
final class BackendBills {
    /** What a price is for. */
    static final double GB = 1e9;

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** A backend's numbers stand side by side: bytes; bytes at former prices; what those cost, and the price, as bits. */
    private static final int BYTES = 0;

    private static final int FORMER_BYTES = 1;
    private static final int FORMER_COST = 2;
    private static final int PRICE = 3;
    private static final int COLUMNS = 4;

    /** With unused ends: the neighbours in the heap are other writers'. */
    private volatile long[] cells = new long[2 * CacheLines.PADDING_LONGS];

    /** The same, for the pipeline's thread. */
    private long[] mine = cells;

    void grow(int length) {
        long[] larger = new long[length * COLUMNS + 2 * CacheLines.PADDING_LONGS];
        System.arraycopy(mine, 0, larger, 0, mine.length - CacheLines.PADDING_LONGS);
        mine = larger;
        cells = larger;
    }

    private static int at(int backend, int column) {
        return CacheLines.PADDING_LONGS + backend * COLUMNS + column;
    }

    /** Sets what bytes cost from now on. */
    void price(int backend, double costPerGb) {
        double before = Double.longBitsToDouble(mine[at(backend, PRICE)]);
        if (before != costPerGb) {
            double former = Double.longBitsToDouble(mine[at(backend, FORMER_COST)])
                    + (mine[at(backend, BYTES)] - mine[at(backend, FORMER_BYTES)]) / GB * before;
            set(backend, FORMER_COST, Double.doubleToLongBits(former));
            set(backend, FORMER_BYTES, mine[at(backend, BYTES)]);
            set(backend, PRICE, Double.doubleToLongBits(costPerGb));
        }
    }

    private void set(int backend, int column, long value) {
        CELL.setOpaque(mine, at(backend, column), value);
    }

    /** Counts bytes that leave a backend. */
    void add(int backend, int bytes) {
        set(backend, BYTES, mine[at(backend, BYTES)] + bytes);
    }

    /** What they cost so far, each at the price of its time. Any thread; while a price changes, another may see the change half done. */
    double cost(int backend) {
        long[] now = cells;
        if (!has(now, backend)) {
            return 0;
        }
        long atThePrice = get(now, backend, BYTES) - get(now, backend, FORMER_BYTES);
        return Double.longBitsToDouble(get(now, backend, FORMER_COST))
                + atThePrice / GB * Double.longBitsToDouble(get(now, backend, PRICE));
    }

    private static boolean has(long[] all, int backend) {
        return backend >= 0 && at(backend, COLUMNS) <= all.length - CacheLines.PADDING_LONGS;
    }

    private static long get(long[] all, int backend, int column) {
        return (long) CELL.getOpaque(all, at(backend, column));
    }

    void save(int backend, StateWriter to) {
        for (int i = 0; i < COLUMNS; i++) {
            to.number(mine[at(backend, i)]);
        }
    }

    void restore(int backend, StateReader from) {
        for (int i = 0; i < COLUMNS; i++) {
            set(backend, i, from.number());
        }
    }
}

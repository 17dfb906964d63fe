package io.marchproxy.l3l4.engine.udp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** Sessions since the start, by pipeline service. The egress thread writes, any thread reads. */
final class SessionTotals {
    private static final int FIRST_SERVICES = 16;
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private volatile long[] cells = new long[FIRST_SERVICES];

    void increment(int service) {
        long[] mine = cells;
        if (service >= mine.length) {
            mine = Arrays.copyOf(mine, Math.max(service + 1, mine.length * 2));
            cells = mine;
        }
        CELL.setOpaque(mine, service, (long) CELL.getOpaque(mine, service) + 1);
    }

    long get(int service) {
        long[] mine = cells;
        return service < mine.length ? (long) CELL.getOpaque(mine, service) : 0;
    }
}

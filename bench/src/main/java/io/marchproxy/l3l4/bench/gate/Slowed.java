package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.workload.Workload;

/**
 * A workload in which a slow-down can be planted, to show that the gate finds one: of a hundred batches so many are done
 * twice, and counted once. More of the same work slows it by that much on any machine, where a loop that burns time would need a clock.
 *
 * <p>The gate wraps every workload in one, mostly with 0 %, and the work is called from one place: else the JIT would compile the slowed
 * workload into its wrapper, and make up for part of the slow-down.
 */
final class Slowed implements Workload {
    private final Workload workload;
    private final int percent;
    private int owed;

    /** Slows a workload by {@code percent}, 0 to 100. */
    Slowed(Workload workload, int percent) {
        this.workload = workload;
        this.percent = percent;
    }

    @Override
    public int batch() {
        owed += percent;
        int times = 1;
        if (owed >= 100) {
            owed -= 100;
            times = 2;
        }
        int right = 0;
        for (int i = 0; i < times; i++) {
            right = workload.batch();
        }
        return right;
    }
}

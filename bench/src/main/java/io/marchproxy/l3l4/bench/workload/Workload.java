package io.marchproxy.l3l4.bench.workload;

/**
 * A piece of the packet path that can be repeated without end. JMH and the gate run the same ones, so that a figure of one
 * explains a figure of the other. One thread uses a workload.
 */
@FunctionalInterface
public interface Workload {
    /** Operations in a batch: as many packets as an event loop typically finds at once under load. */
    int BATCH = 64;

    /**
     * Does {@link #BATCH} operations.
     *
     * @return how many came out as they must. Anything but {@link #BATCH} means that something else was measured: the
     *     tests and the gate look, and it keeps the JIT from dropping the work
     */
    int batch();
}

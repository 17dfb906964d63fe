package io.marchproxy.l3l4.bench.gate;

/**
 * What a run found out about a workload.
 *
 * @param ratio median over the rounds of its time by the calibration kernel's time next to it
 * @param nsPerOperation median time of one operation
 */
record Measured(double ratio, double nsPerOperation) {}

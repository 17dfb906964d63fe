/** The gate: a short run of the key workloads, as ratios to a calibration kernel, against a committed baseline. */
@NullMarked
package io.marchproxy.l3l4.bench.gate;

import org.jspecify.annotations.NullMarked;

/** What is in HdrHistogram logs: percentiles by stage and time, two runs side by side, plots. */
@NullMarked
package io.marchproxy.l3l4.replay.latency;

import org.jspecify.annotations.NullMarked;

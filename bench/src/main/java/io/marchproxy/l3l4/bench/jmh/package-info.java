/** The packet path under JMH. {@code bin/bench jmh} runs these; docs/BENCHMARKS.md says how to read them. */
@NullMarked
package io.marchproxy.l3l4.bench.jmh;

import org.jspecify.annotations.NullMarked;

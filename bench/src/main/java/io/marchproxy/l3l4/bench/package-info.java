/** Benchmarks and the gate that compares them. */
@NullMarked
package io.marchproxy.l3l4.bench;

import org.jspecify.annotations.NullMarked;

/** Rates as they come out on the wire: ours beside {@code tc tbf} and {@code tc htb}. */
@NullMarked
package io.marchproxy.l3l4.bench.qos;

import org.jspecify.annotations.NullMarked;

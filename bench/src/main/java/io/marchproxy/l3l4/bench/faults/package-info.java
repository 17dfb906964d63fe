/** {@code bench faults}: how long until clients are served again after a backend fails. */
@NullMarked
package io.marchproxy.l3l4.bench.faults;

import org.jspecify.annotations.NullMarked;

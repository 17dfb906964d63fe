/** Logs of how long packets take, point by point of their way. */
@NullMarked
package io.marchproxy.l3l4.engine.latency;

import org.jspecify.annotations.NullMarked;

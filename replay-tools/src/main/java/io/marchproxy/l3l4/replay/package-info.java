/** Offline tools that run recorded traffic through the same pipeline. */
@NullMarked
package io.marchproxy.l3l4.replay;

import org.jspecify.annotations.NullMarked;

/** From the tree of what was written to settings: keys known, values read, contradictions found, defaults filled in. */
@NullMarked
package io.marchproxy.l3l4.config.bind;

import org.jspecify.annotations.NullMarked;

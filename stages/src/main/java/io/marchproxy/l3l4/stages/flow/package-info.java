/** Flow keys, the fixed layout of a flow's state, and the port through which stages find it. */
@NullMarked
package io.marchproxy.l3l4.stages.flow;

import org.jspecify.annotations.NullMarked;

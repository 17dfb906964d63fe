/** Third stage: the DSCP that a packet leaves with. */
@NullMarked
package io.marchproxy.l3l4.stages.mark;

import org.jspecify.annotations.NullMarked;

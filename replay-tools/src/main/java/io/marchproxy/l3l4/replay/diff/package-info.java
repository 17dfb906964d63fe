/** What two configurations make of the same recorded input: counted packet by packet, summed, and shown. */
@NullMarked
package io.marchproxy.l3l4.replay.diff;

import org.jspecify.annotations.NullMarked;

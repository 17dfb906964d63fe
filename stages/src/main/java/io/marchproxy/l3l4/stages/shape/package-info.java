/** Second stage: when a packet may leave; bounded P0 to P3 queues of held packets. */
@NullMarked
package io.marchproxy.l3l4.stages.shape;

import org.jspecify.annotations.NullMarked;

/** Fifth stage: what a packet's passage cost in time. */
@NullMarked
package io.marchproxy.l3l4.stages.trace;

import org.jspecify.annotations.NullMarked;

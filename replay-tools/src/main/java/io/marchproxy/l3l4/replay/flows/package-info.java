/** Flows out of a journal: filtered, sorted, and written for people and for other programs. */
@NullMarked
package io.marchproxy.l3l4.replay.flows;

import org.jspecify.annotations.NullMarked;

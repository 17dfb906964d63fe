/** The five stages that every packet meets, in order, and the descriptor that carries it through: no I/O, no clock, no thread. */
@NullMarked
package io.marchproxy.l3l4.stages;

import org.jspecify.annotations.NullMarked;

/** Which backends are fit to be chosen: probes, signals of live traffic, and the flips that follow from both. */
@NullMarked
package io.marchproxy.l3l4.engine.health;

import org.jspecify.annotations.NullMarked;

/** Flow state: the tables behind the stages' port. */
@NullMarked
package io.marchproxy.l3l4.engine.flow;

import org.jspecify.annotations.NullMarked;

/** All listeners of the service over all shards, and how a reload moves from one set to the next. */
@NullMarked
package io.marchproxy.l3l4.engine.listen;

import org.jspecify.annotations.NullMarked;

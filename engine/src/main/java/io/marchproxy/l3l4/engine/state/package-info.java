/** What the service remembers of flows over a restart: a Chronicle Map behind the flow caches, written off the packet path. */
@NullMarked
package io.marchproxy.l3l4.engine.state;

import org.jspecify.annotations.NullMarked;

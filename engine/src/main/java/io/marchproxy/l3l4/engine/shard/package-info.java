/** One shard: a pinned thread's world of event loop, ring, pipeline and egress. */
@NullMarked
package io.marchproxy.l3l4.engine.shard;

import org.jspecify.annotations.NullMarked;

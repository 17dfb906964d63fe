/** What happened and what was decided, recorded shard by shard so that it can be repeated exactly. */
@NullMarked
package io.marchproxy.l3l4.engine.journal;

import org.jspecify.annotations.NullMarked;

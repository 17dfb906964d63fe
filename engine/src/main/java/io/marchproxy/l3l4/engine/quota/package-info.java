/** Shares limits of the whole service out among its shards. */
@NullMarked
package io.marchproxy.l3l4.engine.quota;

import org.jspecify.annotations.NullMarked;

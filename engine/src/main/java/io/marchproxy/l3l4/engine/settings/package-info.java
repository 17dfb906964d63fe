/** Turns the configuration into what shards understand: numbered services, backends and listeners, and one immutable snapshot. */
@NullMarked
package io.marchproxy.l3l4.engine.settings;

import org.jspecify.annotations.NullMarked;

/** What the operator says: the YAML, the environment and the flags, bound to settings and checked. */
@NullMarked
package io.marchproxy.l3l4.config;

import org.jspecify.annotations.NullMarked;

/** What is wrong with a configuration, and where that was written. */
@NullMarked
package io.marchproxy.l3l4.config.fault;

import org.jspecify.annotations.NullMarked;

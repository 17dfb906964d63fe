/** The kinds of values: how each is written, checked and shown. */
@NullMarked
package io.marchproxy.l3l4.config.value;

import org.jspecify.annotations.NullMarked;

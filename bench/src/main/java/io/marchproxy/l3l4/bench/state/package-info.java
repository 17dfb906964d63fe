/** What the durable flow state costs by its size. */
@NullMarked
package io.marchproxy.l3l4.bench.state;

import org.jspecify.annotations.NullMarked;

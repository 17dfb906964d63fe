/** What the service tells of itself: immutable records that the admin endpoints, metrics and the demo show. */
@NullMarked
package io.marchproxy.l3l4.engine.status;

import org.jspecify.annotations.NullMarked;

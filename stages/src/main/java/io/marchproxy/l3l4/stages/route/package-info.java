/** Fourth stage: the backend that a packet goes to. */
@NullMarked
package io.marchproxy.l3l4.stages.route;

import org.jspecify.annotations.NullMarked;

/** The TCP relay: accepting, admission, connecting with retries, and moving bytes both ways without losing one. */
@NullMarked
package io.marchproxy.l3l4.engine.tcp;

import org.jspecify.annotations.NullMarked;

/** System calls of Linux for sockets, by the foreign function interface. */
@NullMarked
package io.marchproxy.l3l4.engine.sys;

import org.jspecify.annotations.NullMarked;

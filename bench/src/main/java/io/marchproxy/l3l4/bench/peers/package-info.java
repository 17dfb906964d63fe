/** The proxy beside nginx and haproxy: in turns, on the same CPU, in one network namespace. */
@NullMarked
package io.marchproxy.l3l4.bench.peers;

import org.jspecify.annotations.NullMarked;

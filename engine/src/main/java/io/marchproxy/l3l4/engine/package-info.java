/** The running service: rings, shards, transports, the admin server and the one file that wires them. */
@NullMarked
package io.marchproxy.l3l4.engine;

import org.jspecify.annotations.NullMarked;

/** What runs beside the proxies in a JVM of its own: the generator and sink for UDP, and idle connections. */
@NullMarked
package io.marchproxy.l3l4.bench.peers.load;

import org.jspecify.annotations.NullMarked;

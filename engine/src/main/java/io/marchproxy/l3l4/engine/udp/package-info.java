/** The UDP relay: sessions between clients and backends, over sockets of its own. */
@NullMarked
package io.marchproxy.l3l4.engine.udp;

import org.jspecify.annotations.NullMarked;

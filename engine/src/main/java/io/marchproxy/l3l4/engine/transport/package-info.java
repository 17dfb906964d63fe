/** How a shard waits for and does its I/O: io_uring, epoll or NIO, chosen once, behind one face. */
@NullMarked
package io.marchproxy.l3l4.engine.transport;

import org.jspecify.annotations.NullMarked;

/** Packet descriptors over off-heap slabs, and views of the headers that packets carry. */
@NullMarked
package io.marchproxy.l3l4.stages.packet;

import org.jspecify.annotations.NullMarked;

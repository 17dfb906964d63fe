/** Which CPUs and NUMA nodes there are, which of them each shard gets, and what is asked of the kernel for that. */
@NullMarked
package io.marchproxy.l3l4.engine.numa;

import org.jspecify.annotations.NullMarked;

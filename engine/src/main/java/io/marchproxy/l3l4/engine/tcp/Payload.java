package io.marchproxy.l3l4.engine.tcp;

/** Where a descriptor's bytes are: in memory of ours, or in the kernel. */
sealed interface Payload permits Chunk, Pipe {}

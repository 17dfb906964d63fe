package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.StreamCalls;

/** How bytes are moved between a socket and a pipe; kernels differ in what they take part in. */
@FunctionalInterface
interface Splicing {
    /** Moves bytes; as {@link StreamCalls#splice}. */
    int splice(StreamCalls calls, int from, int to, int bytes);
}

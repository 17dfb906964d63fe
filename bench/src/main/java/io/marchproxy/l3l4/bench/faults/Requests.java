package io.marchproxy.l3l4.bench.faults;

import java.util.List;

/**
 * Clients that ask through the proxy at a steady pace, whether they are answered or not, on a thread of their own. How often
 * they ask, and for how long each waits, is what the measurement's resolution is.
 */
interface Requests extends AutoCloseable {
    /** Between two requests. */
    long INTERVAL_NS = 5_000_000;

    /** How long a client waits for its answer. */
    long PATIENCE_NS = 2_000_000_000L;

    /** What takes longer than this suffers from the fault, answered or not. */
    long SUFFERS_NS = 100_000_000;

    /** What is over by now, in the order in which it ended; then what has waited for longer than {@link #SUFFERS_NS}, as unanswered. */
    List<Request> soFar();

    @Override
    void close();
}

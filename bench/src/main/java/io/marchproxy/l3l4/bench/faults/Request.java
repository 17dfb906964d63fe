package io.marchproxy.l3l4.bench.faults;

/**
 * What became of one request.
 *
 * @param startedNs when it began, as {@link System#nanoTime()}
 * @param endedNs when it was answered, or failed
 * @param by name of the backend that answered; empty when it failed, or nobody answered in time
 */
record Request(long startedNs, long endedNs, String by) {
    boolean isAnswered() {
        return !by.isEmpty();
    }

    long tookNs() {
        return endedNs - startedNs;
    }
}

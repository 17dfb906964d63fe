package io.marchproxy.l3l4.engine.transport;

/** Told when an event loop begins and ends to handle a batch of I/O. On the loop's thread. */
public interface BatchHook {
    /** The loop is about to wait for and handle I/O: what was known of the time is stale. */
    void batchBegins();

    /** Whether there is work that waits for the end of the next batch, so that the loop is not to wait for I/O. */
    default boolean hasWork() {
        return false;
    }

    /**
     * How long the loop is to rest before the next batch, because what comes meanwhile is better handled at once; 0 for not at
     * all. Asked once a batch. It does not rest where a task waits or a timer is due within what the rest may take.
     */
    default long takeRestNs() {
        return 0;
    }

    /** All I/O of the batch has been handled. */
    void batchEnds();
}

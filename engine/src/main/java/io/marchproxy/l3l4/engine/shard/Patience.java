package io.marchproxy.l3l4.engine.shard;

/** How long a polling thread goes on looking after it last found work. One thread. */
final class Patience {
    /** Looks before any clock is read: what is about to come is a few hundred nanoseconds away at the most. */
    static final int FREE_LOOKS = 64;

    private final long spinNs;
    private int looks;
    private long idleSinceNs;

    /**
     * Patience.
     *
     * @param spinNs how long to look beyond the first few times
     */
    Patience(long spinNs) {
        this.spinNs = spinNs;
    }

    /** There was work: looking begins anew. */
    void worked() {
        looks = 0;
    }

    /** There was none: whether to look again rather than to sleep. Once it is over, it is until there was work. */
    boolean lasts() {
        if (looks < FREE_LOOKS) {
            looks++;
            return true;
        }
        if (spinNs == 0) {
            return false;
        }
        long nowNs = System.nanoTime();
        if (looks == FREE_LOOKS) {
            looks++;
            idleSinceNs = nowNs;
        }
        return nowNs - idleSinceNs < spinNs;
    }
}

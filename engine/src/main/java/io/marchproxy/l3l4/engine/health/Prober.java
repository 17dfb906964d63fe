package io.marchproxy.l3l4.engine.health;

/** Asks backends in one way. Monitor's thread. */
interface Prober extends AutoCloseable {
    /** Begins a probe; the run is told of its end. */
    void begin(ProbeRun run);

    @Override
    default void close() {}
}

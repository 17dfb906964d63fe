package io.marchproxy.l3l4.engine.shard;

/** Hears of errors that live traffic met at backends. Any thread; returns at once. */
@FunctionalInterface
public interface HealthSignals {
    /**
     * A connect was refused or timed out (errno 0 is a time-out of ours), an ICMP error came back, or a connection was reset
     * before its first answer (ECONNRESET).
     */
    void failed(int backend, int errno);
}

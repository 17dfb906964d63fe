package io.marchproxy.l3l4.engine.demo;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Recorder;

/** What the clients of the demonstration saw. Clients add, the table and the report read. */
final class Scoreboard {
    static final int BACKENDS = 2;
    private static final int DIGITS = 3;

    /** Round trips in nanoseconds. */
    final Recorder tcpLatency = new Recorder(DIGITS);

    final Recorder udpLatency = new Recorder(DIGITS);

    final LongAdder tcpRequests = new LongAdder();
    final LongAdder tcpConnections = new LongAdder();
    final LongAdder tcpBytesSent = new LongAdder();
    final LongAdder tcpBytesReceived = new LongAdder();
    final LongAdder bulkBytesReceived = new LongAdder();
    final LongAdder udpSent = new LongAdder();
    final LongAdder udpReceived = new LongAdder();

    /** Under way with the killed backend when it died: nobody can save these. */
    final LongAdder cutConnections = new LongAdder();

    final LongAdder cutRequests = new LongAdder();
    final LongAdder cutBytes = new LongAdder();
    final LongAdder cutDatagrams = new LongAdder();

    /** What must be 0. */
    final LongAdder lostRequests = new LongAdder();

    final LongAdder lostBytes = new LongAdder();
    final LongAdder lostDatagrams = new LongAdder();
    final LongAdder wrongBytes = new LongAdder();
    final LongAdder wrongDatagrams = new LongAdder();

    /** By backend, TCP and UDP together. */
    final AtomicLongArray answers = new AtomicLongArray(BACKENDS);

    private volatile long killedNs;
    private volatile long deadNs;
    private volatile int killed = -1;
    private final AtomicLong tcpFirstNs = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong tcpLastNs = new AtomicLong();
    private final AtomicLong udpFirstNs = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong udpLastNs = new AtomicLong();

    /** Says that a backend is about to be killed; before it happens, so that no cut connection goes unexplained. */
    void killing(int backend) {
        killedNs = System.nanoTime();
        killed = backend;
    }

    /** Says that the backend's last socket is closed. */
    void dead() {
        deadNs = System.nanoTime();
    }

    int killed() {
        return killed;
    }

    /** Whether a connection that was begun then may have reached the backend before its last socket was closed. */
    boolean mayHaveReachedTheKilled(long begunNs) {
        return killed >= 0 && (deadNs == 0 || begunNs - deadNs < 0);
    }

    /** When the backend was killed, by {@link System#nanoTime()}; 0 before. */
    long killedNs() {
        return killedNs;
    }

    /** A client whose connection was cut has its first answer over a new one. */
    void tcpRecovered(long nowNs) {
        recovered(tcpFirstNs, tcpLastNs, nowNs);
    }

    /** A client whose session was with the killed backend has its first answer from another. */
    void udpRecovered(long nowNs) {
        recovered(udpFirstNs, udpLastNs, nowNs);
    }

    private void recovered(AtomicLong first, AtomicLong last, long nowNs) {
        first.accumulateAndGet(nowNs - killedNs, Math::min);
        last.accumulateAndGet(nowNs - killedNs, Math::max);
    }

    /** How long after the kill the first and the last client recovered; nothing yet is {@link Gap#NONE}. */
    Gap tcpGap() {
        return gap(tcpFirstNs, tcpLastNs);
    }

    Gap udpGap() {
        return gap(udpFirstNs, udpLastNs);
    }

    private static Gap gap(AtomicLong first, AtomicLong last) {
        return last.get() == 0 ? Gap.NONE : new Gap(first.get(), last.get());
    }

    /** From the kill until the first and until the last client was served again, in nanoseconds. */
    record Gap(long firstNs, long lastNs) {
        static final Gap NONE = new Gap(0, 0);
    }
}

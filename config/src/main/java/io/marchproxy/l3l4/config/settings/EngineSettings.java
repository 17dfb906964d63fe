package io.marchproxy.l3l4.config.settings;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How the engine is built.
 *
 * @param shards 1 to 256, or 0 to follow the CPUs
 * @param maxFlows flows at the most, over all shards
 * @param ringSize slots of each ring, a power of two from 2,048 to 1,048,576
 * @param pinThreads pins each thread to a CPU of those that the process may use
 * @param spin how long a thread without work looks for some before it blocks, up to 10 ms; {@link #SPIN_OFF}, {@link #SPIN_AUTO}
 * @param numa places shards, their memory and their connections by NUMA node, and pins threads
 * @param irqAffinity what becomes of network interrupts when {@code numa} is on
 * @param drainTimeout how long a stop waits for connections to end by themselves
 * @param journal what is recorded
 * @param flowState what is remembered of flows
 */
public record EngineSettings(
        Mode mode,
        int shards,
        int maxFlows,
        int ringSize,
        boolean pinThreads,
        Duration spin,
        boolean numa,
        IrqAffinity irqAffinity,
        Transport transport,
        Duration drainTimeout,
        JournalSettings journal,
        FlowStateSettings flowState) {

    /** Block at once. */
    public static final Duration SPIN_OFF = Duration.ZERO;

    /** Spin for the engine's own budget, wherever a CPU is free for it. */
    public static final Duration SPIN_AUTO = Duration.ofNanos(-1);

    /** The longest budget: beyond it a thread that finds nothing costs a CPU. */
    public static final Duration LONGEST_SPIN = Duration.ofMillis(10);

    /** Where the stages run. */
    public enum Mode {
        AUTO,
        RUN_TO_COMPLETION,
        PIPELINED
    }

    /** What is done about the CPUs that network interrupts go to. */
    public enum IrqAffinity {
        ADVISE,
        APPLY
    }

    /** The kernel interface for I/O. */
    public enum Transport {
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }

    public static final EngineSettings DEFAULT = new EngineSettings(
            Mode.AUTO,
            0,
            1_000_000,
            4096,
            false,
            SPIN_OFF,
            false,
            IrqAffinity.ADVISE,
            Transport.AUTO,
            Duration.ofSeconds(30),
            JournalSettings.DEFAULT,
            FlowStateSettings.DEFAULT);

    public EngineSettings {
        Ranges.check("engine.shards", shards, 0, 256);
        Ranges.check("engine.max-flows", maxFlows, 1, 100_000_000);
        Ranges.check("engine.ring-size", ringSize, 2_048, 1_048_576);
        if (Integer.bitCount(ringSize) != 1) {
            throw new IllegalArgumentException("engine.ring-size must be a power of two, not " + ringSize);
        }
        if (!spin.equals(SPIN_AUTO)) {
            Ranges.check("engine.spin", spin, Duration.ZERO, LONGEST_SPIN);
        }
        Ranges.check("engine.drain-timeout", drainTimeout, Duration.ZERO, Duration.ofDays(1));
    }

    /** The same with another mode. */
    public EngineSettings withMode(Mode other) {
        return with(copy -> copy.mode = other);
    }

    /** The same with another number of shards. */
    public EngineSettings withShards(int other) {
        return with(copy -> copy.shards = other);
    }

    /** The same with another bound of flows. */
    public EngineSettings withMaxFlows(int other) {
        return with(copy -> copy.maxFlows = other);
    }

    /** The same with threads pinned or not. */
    public EngineSettings withPinThreads(boolean other) {
        return with(copy -> copy.pinThreads = other);
    }

    /** The same with another time to spin. */
    public EngineSettings withSpin(Duration other) {
        return with(copy -> copy.spin = other);
    }

    /** The same with NUMA placement on or off. */
    public EngineSettings withNuma(boolean other) {
        return with(copy -> copy.numa = other);
    }

    /** The same with another way with interrupts. */
    public EngineSettings withIrqAffinity(IrqAffinity other) {
        return with(copy -> copy.irqAffinity = other);
    }

    /** The same with another transport. */
    public EngineSettings withTransport(Transport other) {
        return with(copy -> copy.transport = other);
    }

    /** The same with another journal. */
    public EngineSettings withJournal(JournalSettings other) {
        return with(copy -> copy.journal = other);
    }

    /** The same with another flow state. */
    public EngineSettings withFlowState(FlowStateSettings other) {
        return with(copy -> copy.flowState = other);
    }

    private EngineSettings with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.settings();
    }

    /** All of it, to be changed in one place. */
    private static final class Copy {
        private Mode mode;
        private int shards;
        private int maxFlows;
        private int ringSize;
        private boolean pinThreads;
        private Duration spin;
        private boolean numa;
        private IrqAffinity irqAffinity;
        private Transport transport;
        private Duration drainTimeout;
        private JournalSettings journal;
        private FlowStateSettings flowState;

        Copy(EngineSettings of) {
            mode = of.mode;
            shards = of.shards;
            maxFlows = of.maxFlows;
            ringSize = of.ringSize;
            pinThreads = of.pinThreads;
            spin = of.spin;
            numa = of.numa;
            irqAffinity = of.irqAffinity;
            transport = of.transport;
            drainTimeout = of.drainTimeout;
            journal = of.journal;
            flowState = of.flowState;
        }

        EngineSettings settings() {
            return new EngineSettings(
                    mode,
                    shards,
                    maxFlows,
                    ringSize,
                    pinThreads,
                    spin,
                    numa,
                    irqAffinity,
                    transport,
                    drainTimeout,
                    journal,
                    flowState);
        }
    }
}

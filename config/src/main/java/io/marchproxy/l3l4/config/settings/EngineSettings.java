package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * How the engine is built.
 *
 * @param shards 1 to 256, or 0 to follow the CPUs
 * @param maxFlows flows at the most, over all shards
 * @param ringSize slots of each ring, a power of two from 2,048 to 1,048,576
 * @param pinThreads pins each thread to a CPU of those that the process may use
 * @param drainTimeout how long a stop waits for connections to end by themselves
 */
public record EngineSettings(
        Mode mode,
        int shards,
        int maxFlows,
        int ringSize,
        boolean pinThreads,
        Transport transport,
        Duration drainTimeout) {

    /** Where the stages run. */
    public enum Mode {
        AUTO,
        RUN_TO_COMPLETION,
        PIPELINED
    }

    /** The kernel interface for I/O. */
    public enum Transport {
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }

    public static final EngineSettings DEFAULT =
            new EngineSettings(Mode.AUTO, 0, 1_000_000, 4096, false, Transport.AUTO, Duration.ofSeconds(30));

    public EngineSettings {
        Ranges.check("engine.shards", shards, 0, 256);
        Ranges.check("engine.max-flows", maxFlows, 1, 100_000_000);
        Ranges.check("engine.ring-size", ringSize, 2_048, 1_048_576);
        if (Integer.bitCount(ringSize) != 1) {
            throw new IllegalArgumentException("engine.ring-size must be a power of two, not " + ringSize);
        }
        Ranges.check("engine.drain-timeout", drainTimeout, Duration.ZERO, Duration.ofDays(1));
    }

    public EngineSettings withMode(Mode other) {
        return new EngineSettings(other, shards, maxFlows, ringSize, pinThreads, transport, drainTimeout);
    }

    public EngineSettings withShards(int other) {
        return new EngineSettings(mode, other, maxFlows, ringSize, pinThreads, transport, drainTimeout);
    }

    public EngineSettings withMaxFlows(int other) {
        return new EngineSettings(mode, shards, other, ringSize, pinThreads, transport, drainTimeout);
    }

    public EngineSettings withTransport(Transport other) {
        return new EngineSettings(mode, shards, maxFlows, ringSize, pinThreads, other, drainTimeout);
    }
}

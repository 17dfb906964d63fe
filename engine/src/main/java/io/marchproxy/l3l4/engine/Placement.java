package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.HealthSignals;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.transport.Transports;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import net.openhft.affinity.Affinity;

/**
 * How many shards there are, how their stages run, and where.
 *
 * @param refusals what could not be had of what was asked for, one line each
 */
record Placement(
        EngineSettings settings,
        TransportKind transport,
        boolean pipelined,
        int shardCount,
        List<Integer> cpus,
        List<String> refusals) {
    private static final int THREADS_OF_PIPELINED = 3;

    static Placement of(EngineSettings settings) {
        Transports.Choice choice = Transports.choose(
                switch (settings.transport()) {
                    case AUTO -> null;
                    case IO_URING -> TransportKind.IO_URING;
                    case EPOLL -> TransportKind.EPOLL;
                    case NIO -> TransportKind.NIO;
                });
        List<String> refusals = choice.refusals().isEmpty()
                ? List.of()
                : List.of(String.join("; ", choice.refusals()) + ": using "
                        + choice.kind().label());
        // Stages on threads of their own lose clearly unless each has a core to itself, and with cores to spare more
        // shards
        // have so far beaten more threads per shard: so auto is run-to-completion.
        boolean pipelined = settings.mode() == EngineSettings.Mode.PIPELINED;
        List<Integer> allowed = Affinity.getAffinity().stream().boxed().toList();
        // Knows cpusets and the quota of a container, which may allow all CPUs but only some of their time.
        int cpus = Runtime.getRuntime().availableProcessors();
        int automatic = pipelined ? Math.max(1, cpus / THREADS_OF_PIPELINED) : cpus;
        int shards = settings.shards() == 0 ? automatic : settings.shards();
        return new Placement(
                settings, choice.kind(), pipelined, shards, settings.pinThreads() ? allowed : List.of(), refusals);
    }

    /** As configured and shown. */
    String modeLabel() {
        return pipelined ? "pipelined" : "run-to-completion";
    }

    List<Shard> shards(
            PipelineSettings pipeline, BackendDirectory directory, HealthSignals signals, DistinctErrors errors) {
        SecureRandom random = new SecureRandom();
        int flowsEach = Math.ceilDiv(settings.maxFlows(), shardCount);
        List<Shard> shards = new ArrayList<>();
        try {
            for (int id = 0; id < shardCount; id++) {
                shards.add(new Shard(
                        new ShardOptions(
                                id,
                                transport,
                                pipelined,
                                settings.ringSize(),
                                flowsEach,
                                random.nextLong(),
                                cpusOf(id)),
                        pipeline,
                        directory,
                        signals,
                        errors));
            }
        } catch (RuntimeException e) {
            shards.forEach(Placement::close);
            throw e;
        }
        return List.copyOf(shards);
    }

    private static void close(Shard shard) {
        try {
            shard.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Integer> cpusOf(int shard) {
        if (cpus.isEmpty()) {
            return List.of();
        }
        int threads = pipelined ? THREADS_OF_PIPELINED : 1;
        List<Integer> mine = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            mine.add(cpus.get((shard * threads + i) % cpus.size()));
        }
        return mine;
    }
}

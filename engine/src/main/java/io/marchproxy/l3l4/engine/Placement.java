package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.numa.PlacementPolicy;
import io.marchproxy.l3l4.engine.numa.Topology;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.HealthSignals;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.transport.Transports;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What the machine offers, what is made of it, and the shards that follow from that. */
record Placement(EngineSettings settings, Topology topology, PlacementPlan plan) {

    /**
     * The shards as they were built.
     *
     * @param refusals what could not be had of what was asked for, one line each
     */
    record Built(TransportKind transport, List<Shard> shards, List<String> refusals) {
        Built {
            shards = List.copyOf(shards);
            refusals = List.copyOf(refusals);
        }
    }

    static Placement of(EngineSettings settings) {
        Topology topology = Topology.read();
        // Knows the quota of a container, which may allow all CPUs but only some of their time.
        int timeOfCpus = Runtime.getRuntime().availableProcessors();
        return new Placement(settings, topology, PlacementPolicy.decide(topology, timeOfCpus, settings));
    }

    /** As configured and shown. */
    String modeLabel() {
        return plan.pipelined() ? "pipelined" : "run-to-completion";
    }

    Built build(
            PipelineSettings pipeline,
            BackendDirectory directory,
            HealthSignals signals,
            DistinctErrors errors,
            ShardJournals journals) {
        Transports.Choice choice = Transports.choose(
                switch (settings.transport()) {
                    case AUTO -> null;
                    case IO_URING -> TransportKind.IO_URING;
                    case EPOLL -> TransportKind.EPOLL;
                    case NIO -> TransportKind.NIO;
                });
        List<String> refusals = new ArrayList<>(choice.refusals());
        TransportKind kind = choice.kind();
        while (true) {
            try {
                List<Shard> shards = shards(kind, pipeline, directory, signals, errors, journals);
                String lacking = String.join("; ", refusals) + ": using " + kind.label();
                Stream<String> transport = refusals.isEmpty() ? Stream.of() : Stream.of(lacking);
                return new Built(
                        kind,
                        shards,
                        Stream.concat(transport, plan.notes().stream()).toList());
            } catch (RuntimeException e) {
                if (kind != TransportKind.IO_URING) {
                    throw e;
                }
                // A ring was to be had, but not as many or as large ones as the shards want: a limit of locked memory
                // (before Linux 5.12), of descriptors, or of a container.
                refusals.add("io_uring has no ring for each of " + plan.seats().size() + " shards ("
                        + Transports.reason(e) + ")");
                Transports.Choice next = Transports.choose(TransportKind.EPOLL);
                refusals.addAll(next.refusals());
                kind = next.kind();
            }
        }
    }

    private List<Shard> shards(
            TransportKind transport,
            PipelineSettings pipeline,
            BackendDirectory directory,
            HealthSignals signals,
            DistinctErrors errors,
            ShardJournals journals) {
        SecureRandom random = new SecureRandom();
        int flowsEach = Math.ceilDiv(settings.maxFlows(), plan.seats().size());
        List<Shard> shards = new ArrayList<>();
        try {
            for (Seat seat : plan.seats()) {
                ShardOptions options = new ShardOptions(
                        shards.size(),
                        transport,
                        plan.pipelined(),
                        settings.ringSize(),
                        flowsEach,
                        random.nextLong(),
                        seat.cpus(),
                        seat.node(),
                        plan.spinNs());
                shards.add(new Shard(options, pipeline, directory, signals, errors, journals));
            }
            return shards;
        } catch (RuntimeException e) {
            shards.forEach(Placement::close);
            throw e;
        }
    }

    private static void close(Shard shard) {
        try {
            shard.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

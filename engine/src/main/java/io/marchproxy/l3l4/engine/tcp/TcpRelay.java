package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.listen.Relay;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** The TCP relay over all shards. Any thread but a shard's. */
public final class TcpRelay implements Relay {
    private static final long CLOSE_WAIT_SECONDS = 5;

    private final Map<Integer, TcpShard> shards;
    private final Map<Integer, Admission> admissions = new ConcurrentHashMap<>();
    private final AcceptPauses pauses = new AcceptPauses();
    private final LongAdder failedMarks = new LongAdder();
    private final DescriptorBudget budget;

    /** A relay without listeners. */
    public TcpRelay(List<Shard> shards) {
        this(shards, PipePool.most(DescriptorBudget.limitOfThisProcess(), PipePool.softPages()), StreamCalls::splice);
    }

    TcpRelay(List<Shard> shards, int mostPipes, Splicing splicing) {
        int pipesEach = PipePool.each(mostPipes, shards.size());
        this.budget = DescriptorBudget.ofThisProcess();
        this.shards = shards.stream()
                .collect(Collectors.toMap(Shard::id, shard -> new TcpShard(shard, failedMarks, pipesEach, splicing)));
    }

    @Override
    public Listener open(Shard shard, ListenerSpec spec) throws ListenException {
        TcpShard part = shards.get(shard.id());
        if (part == null) {
            throw new IllegalArgumentException("shard " + shard.id() + " is not this relay's");
        }
        Admission admission = admissions.computeIfAbsent(spec.service(), key -> new Admission());
        TcpListener listener = new TcpListener(part, spec, admission, pauses, budget);
        admission.update(spec.settings());
        return listener;
    }

    @Override
    public long live(int service) {
        Admission admission = admissions.get(service);
        return admission == null ? 0 : admission.live();
    }

    @Override
    public long total(int service) {
        return counters(service).accepted();
    }

    @Override
    public void closeAll() {
        CompletableFuture.allOf(shards.values().stream().map(TcpShard::closeAll).toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, CLOSE_WAIT_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /**
     * A backend is out, which every shard was told of before: connects to it that are under way go on to others.
     *
     * @param resetAfterNs when connections to it are reset; negative for never
     * @param isOut whether it is out still, asked then
     */
    public void backendIsOut(int backend, long resetAfterNs, BooleanSupplier isOut) {
        shards.values().forEach(shard -> shard.backendIsOut(backend, resetAfterNs, isOut));
    }

    /** What became of a pipeline service's connections since the start. */
    public TcpCounters counters(int service) {
        Admission admission = admissions.get(service);
        return (admission == null ? new Admission() : admission).counters();
    }

    /** How often a listener of a configured service had to stop accepting for a while, for want of file descriptors. */
    public long acceptPauses(String service) {
        return pauses.count(service);
    }

    /** Pieces of memory that hold bytes on their way. */
    public int chunksInUse() {
        return shards.values().stream()
                .mapToInt(shard -> shard.chunks().inUse())
                .sum();
    }

    /** Pipes that there are, in use or free. */
    public int pipes() {
        return shards.values().stream().mapToInt(shard -> shard.pipes().made()).sum();
    }

    /** Pipes that hold bytes on their way. */
    public int pipesInUse() {
        return shards.values().stream().mapToInt(shard -> shard.pipes().inUse()).sum();
    }

    /** How often a code point could not be set on a socket. */
    public long failedMarks() {
        return failedMarks.sum();
    }
}

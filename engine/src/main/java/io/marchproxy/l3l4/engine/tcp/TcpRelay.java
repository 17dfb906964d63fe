package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.listen.Relay;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** The TCP relay over all shards. Any thread. */
public final class TcpRelay implements Relay {
    private final Map<Integer, TcpShard> shards;
    private final Map<Integer, Admission> admissions = new ConcurrentHashMap<>();
    private final AcceptPauses pauses = new AcceptPauses();
    private final LongAdder connectErrors = new LongAdder();

    /** A relay without listeners. */
    public TcpRelay(List<Shard> shards) {
        this.shards = shards.stream().collect(Collectors.toMap(Shard::id, shard -> new TcpShard(shard, connectErrors)));
    }

    @Override
    public Listener open(Shard shard, ListenerSpec spec) throws ListenException {
        Admission admission = admissions.computeIfAbsent(spec.service(), key -> new Admission());
        admission.update(spec.settings());
        TcpShard part = shards.get(shard.id());
        if (part == null) {
            throw new IllegalArgumentException("shard " + shard.id() + " is not this relay's");
        }
        return TcpListener.open(shard, part, spec, admission, pauses);
    }

    @Override
    public long live(int service) {
        Admission admission = admissions.get(service);
        return admission == null ? 0 : admission.live();
    }

    @Override
    public long total(int service) {
        Admission admission = admissions.get(service);
        return admission == null ? 0 : admission.total();
    }

    @Override
    public void closeAll() {
        shards.values().forEach(TcpShard::closeAll);
    }

    /** How often accepting had to pause for want of descriptors. */
    public long acceptPauses() {
        return pauses.count();
    }

    /** Connects to backends that failed. */
    public long connectErrors() {
        return connectErrors.sum();
    }
}

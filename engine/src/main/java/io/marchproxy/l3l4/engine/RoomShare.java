package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.quota.QuotaBalancer;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.util.concurrent.CompletableFuture;

/** A shard's flows at backends that may have so many only, as the balancer of their caps sees them; by backend number. */
record RoomShare(Shard shard) implements QuotaBalancer.Member {
    @Override
    public int used(int backend) {
        return shard.pipeline().routeFigures().flows(backend);
    }

    @Override
    public long refused(int backend) {
        return shard.pipeline().routeFigures().refusedAt(backend);
    }

    @Override
    public CompletableFuture<Void> share(int backend, int amount) {
        return shard.room(backend, amount);
    }
}

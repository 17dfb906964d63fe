package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.quota.QuotaBalancer;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.util.concurrent.CompletableFuture;

/** A shard's UDP sessions, as the balancer of their cap sees them. */
record SessionShare(Shard shard) implements QuotaBalancer.Member {
    private static final int CLASSES = 4;

    @Override
    public int used(int service) {
        return shard.pipeline().sessions(service);
    }

    @Override
    public long refused(int service) {
        long refused = 0;
        for (int trafficClass = 0; trafficClass < CLASSES; trafficClass++) {
            refused += shard.pipeline()
                    .books()
                    .droppedPackets(service, trafficClass, Direction.TO_BACKEND, DropReason.SESSION_CAP);
        }
        return refused;
    }

    @Override
    public CompletableFuture<Void> share(int service, int amount) {
        return shard.quota(service, amount);
    }
}

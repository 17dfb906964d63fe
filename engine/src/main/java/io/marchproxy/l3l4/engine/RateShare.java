package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.quota.RateBalancer;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.shape.Color;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.concurrent.CompletableFuture;

/** A shard's traffic, as the balancer of rates sees it. */
record RateShare(Shard shard) implements RateBalancer.Member {
    private static final Color[] COLORS = Color.values();

    @Override
    public long inBytes(int service, int trafficClass, Direction direction) {
        return shard.pipeline().books().inBytes(service, trafficClass, direction);
    }

    @Override
    public long heldBytes(int service, int trafficClass, Direction direction) {
        return shard.pipeline().books().heldBytes(service, trafficClass, direction);
    }

    @Override
    public long policedBytes(int policer, Direction direction) {
        long bytes = 0;
        for (Color color : COLORS) {
            bytes += shard.pipeline().policed().bytes(policer, direction, color);
        }
        return bytes;
    }

    @Override
    public CompletableFuture<Void> share(Direction direction, ShareOf of, int which, int share) {
        return shard.share(direction, of, which, share);
    }
}

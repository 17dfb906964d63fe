package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.listen.BindFailure;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.listen.Relay;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The UDP relay over all shards. Any thread. */
public final class UdpRelay implements Relay {
    private static final int RINGS_PIPELINED = 2;
    private static final int DIRECTIONS = 2;

    /** 128 MiB of buffers, of which those are memory that were used. */
    private static final int MOST_HELD = 1 << 16;

    private final Map<Integer, UdpTransport> transports = new HashMap<>();
    private final List<Shard> shards;

    /** A relay without listeners yet. */
    public UdpRelay(List<Shard> shards) {
        this.shards = List.copyOf(shards);
        for (Shard shard : shards) {
            ShardOptions options = shard.options();
            int rings = options.pipelined() ? RINGS_PIPELINED : 1;
            UdpOptions udp = UdpOptions.forRings(options.ringSlots(), rings, mostHeld(shard));
            transports.put(shard.id(), AnonymousMemory.at(shard.home(), () -> new UdpTransport(shard, udp)));
        }
    }

    @Override
    public Listener open(Shard shard, ListenerSpec spec) throws ListenException {
        UdpTransport transport = transports.get(shard.id());
        if (transport == null) {
            throw new IllegalArgumentException("shard " + shard.id() + " is not one of this relay's");
        }
        try {
            return transport.listen(spec);
        } catch (IOException e) {
            throw BindFailure.explain("udp", spec, e);
        }
    }

    @Override
    public long live(int service) {
        return shards.stream()
                .mapToLong(shard -> shard.pipeline().sessions(service))
                .sum();
    }

    @Override
    public long total(int service) {
        return transports.values().stream()
                .mapToLong(transport -> transport.totalSessions(service))
                .sum();
    }

    @Override
    public void closeAll() {
        transports.values().forEach(UdpTransport::close);
    }

    /** What the queues of all classes may hold, as far as memory is set aside for it. */
    private static int mostHeld(Shard shard) {
        long most = DIRECTIONS
                * shard.pipeline().settings().shape().classes().stream()
                        .mapToLong(ClassLimits::queuePackets)
                        .sum();
        return (int) Math.min(most, MOST_HELD);
    }

    /** Over all shards. */
    public long count(UdpCounter counter) {
        return transports.values().stream()
                .mapToLong(transport -> transport.counters().get(counter))
                .sum();
    }
}

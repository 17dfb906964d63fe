package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.listen.Relay;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.tcp.TcpRelay;
import java.util.List;

/** Temporary. */
final class Relays {
    static Relay tcp(List<Shard> shards) {
        return new TcpRelay(shards);
    }

    static Relay udp(List<Shard> shards) {
        return new TcpRelay(shards);
    }
}

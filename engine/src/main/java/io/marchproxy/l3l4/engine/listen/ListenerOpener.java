package io.marchproxy.l3l4.engine.listen;

import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;

/** Binds one address on one shard, without taking traffic yet. */
@FunctionalInterface
public interface ListenerOpener {
    /**
     * Binds.
     *
     * @throws ListenException when the address is taken, privileged, or not this machine's
     */
    Listener open(Shard shard, ListenerSpec spec) throws ListenException;
}

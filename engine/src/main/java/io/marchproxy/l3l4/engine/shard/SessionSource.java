package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** UDP sessions of before this start, which every shard is told of before its first packet. Immutable by then; any thread. */
public interface SessionSource {
    /** How many there are. */
    int count();

    /** Fills a RESTORE event; its payload stays where it is until every shard has told that it knows them. */
    void fill(int i, PacketDescriptor event);
}

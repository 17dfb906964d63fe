package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Direction;

/** What a shard's policers counted since the start. Any thread may ask. */
public interface Policed {
    /** Packets that a policer found to be of a color; 0 of one that is not known. */
    long packets(int policer, Direction direction, Color color);

    /** Their bytes. */
    long bytes(int policer, Direction direction, Color color);
}

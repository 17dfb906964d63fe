package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** Says when a packet may leave: where rates and budgets come in. */
@FunctionalInterface
interface ReleaseTimes {
    /** Lets everything leave when it comes. */
    ReleaseTimes AT_ONCE = (packet, nowNs) -> nowNs;

    /** The earliest time at which the packet may leave; {@code nowNs} or earlier for at once. */
    long releaseNs(PacketDescriptor packet, long nowNs);
}

package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;

/**
 * Makes descriptors of packets as ingress does, for flows that are numbered 0 to n − 1 and chosen at random: an address in
 * 10.0.0.0/8 and a port for each number. The same calls make the same packets.
 */
final class Traffic {
    /** IP payload of a packet, in bytes: the smallest that peers are measured with. */
    static final int LENGTH_BYTES = 64;

    private static final int CLIENTS = 0x0a00_0000;
    private static final long LISTENER = 0x7f00_0001L;
    private static final int LISTENER_PORT = 5353;
    private static final int LOWEST_PORT = 1024;

    private final int protocol;
    private final int flows;
    private long random = 0x9e37_79b9_7f4a_7c15L;

    /**
     * Traffic of one protocol.
     *
     * @param protocol IP protocol number
     * @param flows how many there are to choose from, at most 2^24
     */
    Traffic(int protocol, int flows) {
        this.protocol = protocol;
        this.flows = flows;
    }

    /** Descriptors in a slab of their own. */
    static PacketDescriptor[] descriptors(Arena arena, int count) {
        DescriptorSlab slab =
                new DescriptorSlab(arena.allocate((long) count * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        PacketDescriptor[] descriptors = new PacketDescriptor[count];
        for (int i = 0; i < count; i++) {
            descriptors[i] = slab.view(i);
        }
        return descriptors;
    }

    /** The number of a flow, chosen uniformly (xorshift64; Marsaglia, "Xorshift RNGs", 2003). */
    int anyFlow() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return (int) (((random >>> 32) * flows) >>> 32);
    }

    /** Fills a descriptor with an event of a flow that comes from its client. */
    void fill(PacketDescriptor packet, EventKind kind, int flow, long nowNs) {
        packet.reset(kind, nowNs);
        packet.protocol(protocol);
        packet.ipVersion(4);
        packet.sourceLow(Integer.toUnsignedLong(CLIENTS + flow));
        packet.sourcePort(LOWEST_PORT + (flow & 0x3fff));
        packet.destinationLow(LISTENER);
        packet.destinationPort(LISTENER_PORT);
        packet.lengthBytes(LENGTH_BYTES);
    }
}

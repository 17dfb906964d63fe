package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** What a stage says of a packet. Every packet ends in exactly one verdict other than {@link #CONTINUE} and {@link #HOLD}. */
public enum Verdict {
    /** The next stage decides. */
    CONTINUE,
    /** All stages passed: the packet leaves. */
    FORWARD,
    /** The packet waits in the shape stage, and comes back when it is released. */
    HOLD,
    /** The packet goes no further; its {@link DropReason} says why. */
    DROP,
    /** A control event that was taken in; there is nothing to send. */
    CONSUMED;

    private static final Verdict[] VALUES = values();

    /** The verdict with this ordinal, without the copy that {@code values()} makes. */
    public static Verdict of(int ordinal) {
        return VALUES[ordinal];
    }

    /** The verdict that was written into a descriptor; of one that was not handled yet, {@link #CONTINUE}. */
    public static Verdict in(PacketDescriptor packet) {
        return VALUES[Memory.getByte(packet.address() + DescriptorLayout.VERDICT)];
    }

    /** Writes this verdict into a descriptor. */
    public void writeTo(PacketDescriptor packet) {
        Memory.putByte(packet.address() + DescriptorLayout.VERDICT, (byte) ordinal());
    }
}

package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * What a shard is told its share of, by a QUOTA event: the event's direction, its argument 0 with the share in {@link #WHOLE}ths, and
 * its argument 1 with what and which. (Argument 1 is 0 where it is a service's session cap, which is no rate.)
 */
public enum ShareOf {
    /** All that the link carries. */
    LINK,
    /** A class's guarantee and ceiling; which is its number. */
    CLASS,
    /** A service's guarantee and rate; which is its number. */
    SERVICE,
    /** What a rule polices to; which is the policer's number. */
    POLICER;

    /** Shares of all shards add up to no more than this. */
    public static final int WHOLE = 1 << 16;

    private static final int WHICH_SHIFT = 8;
    private static final int KIND = (1 << WHICH_SHIFT) - 1;
    private static final ShareOf[] VALUES = values();

    /** Writes into an event what the share is of. */
    public void writeTo(PacketDescriptor event, int which, int share) {
        event.argument0(share);
        event.argument1(ordinal() + 1L | (long) which << WHICH_SHIFT);
    }

    /** Whether a QUOTA event is about a rate. */
    public static boolean isIn(PacketDescriptor quota) {
        return quota.argument1() != 0;
    }

    /** What a QUOTA event about a rate is about. */
    public static ShareOf in(PacketDescriptor quota) {
        return VALUES[(int) (quota.argument1() & KIND) - 1];
    }

    /** Which class or service. */
    public static int which(PacketDescriptor quota) {
        return (int) (quota.argument1() >>> WHICH_SHIFT);
    }
}

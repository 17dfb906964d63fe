package io.marchproxy.l3l4.stages.classify;

/** What rules tell packets apart by, as numbers of so many bits; addresses are of either family. */
enum Dimension {
    SOURCE(Long.SIZE),
    DESTINATION(Long.SIZE),
    SOURCE_PORT(16),
    DESTINATION_PORT(16),
    PROTOCOL(8),
    DSCP(6),
    LENGTH(16);

    static final int COUNT = values().length;

    /** How many bits its numbers have; of no meaning for addresses. */
    final int bits;

    Dimension(int bits) {
        this.bits = bits;
    }

    boolean isAddress() {
        return this == SOURCE || this == DESTINATION;
    }

    /** Whether packets of one flow may differ in it. */
    boolean isPerPacket() {
        return this == DSCP || this == LENGTH;
    }
}

package io.marchproxy.l3l4.stages.classify;

import org.jspecify.annotations.Nullable;

/**
 * A stretch of a dimension that is aligned to its length, a power of two: of any two such, one holds the other or they have nothing
 * in common. An address prefix is one; a range is given the smallest that holds it.
 *
 * @param family 4 or 6 for an address; 0 for anything else
 * @param high first 64 bits of where it begins
 * @param low the other 64
 * @param hostBits its length is 2 to the power of this
 */
record Block(int family, long high, long low, int hostBits) {
    private static final int V4_BITS = 32;
    private static final int V6_BITS = 128;

    /** The block that a rule's condition lies in; null when it has none, or one that says little. */
    static @Nullable Block of(ClassifyRule rule, Dimension dimension) {
        return switch (dimension) {
            case SOURCE -> of(rule.source());
            case DESTINATION -> of(rule.destination());
            case SOURCE_PORT -> of(rule.sourcePortLow(), rule.sourcePortHigh(), dimension);
            case DESTINATION_PORT -> of(rule.destinationPortLow(), rule.destinationPortHigh(), dimension);
            case PROTOCOL -> of(rule.protocol(), rule.protocol(), dimension);
            case DSCP -> of(rule.dscp(), rule.dscp(), dimension);
            case LENGTH -> {
                NumberRange length = rule.length();
                yield length == null ? null : of(length.low(), length.high(), dimension);
            }
        };
    }

    private static @Nullable Block of(@Nullable AddressPrefix prefix) {
        if (prefix == null) {
            return null;
        }
        int hostBits = (prefix.ipVersion() == 4 ? V4_BITS : V6_BITS) - prefix.length();
        return new Block(
                prefix.ipVersion(),
                hostBits > Long.SIZE ? aligned(prefix.high(), hostBits - Long.SIZE) : prefix.high(),
                aligned(prefix.low(), hostBits),
                hostBits);
    }

    private static @Nullable Block of(int low, int high, Dimension dimension) {
        if (low < 0) {
            return null;
        }
        int hostBits = Long.SIZE - Long.numberOfLeadingZeros(low ^ (long) high);
        return hostBits >= dimension.bits ? null : new Block(0, 0, aligned(low, hostBits), hostBits);
    }

    private static long aligned(long number, int hostBits) {
        return hostBits >= Long.SIZE ? 0 : number & -1L << hostBits;
    }

    /** The first 64 bits of its last number. */
    long lastHigh() {
        return hostBits <= Long.SIZE ? high : high | ~(hostBits == V6_BITS ? 0 : -1L << (hostBits - Long.SIZE));
    }

    /** The other 64. */
    long lastLow() {
        return low | ~(hostBits >= Long.SIZE ? 0 : -1L << hostBits);
    }
}

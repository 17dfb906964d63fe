package io.marchproxy.l3l4.stages.mark;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * Settings of the mark stage.
 *
 * @param enabled false leaves every code point as it came
 * @param dscpP0 code point of class P0, 0 to 63 (RFC 2474), or {@link PacketDescriptor#DSCP_PRESERVE}; likewise the others
 */
public record MarkSettings(boolean enabled, int dscpP0, int dscpP1, int dscpP2, int dscpP3) {
    public MarkSettings {
        check(dscpP0);
        check(dscpP1);
        check(dscpP2);
        check(dscpP3);
    }

    /** The code point of a class, 0 to 3. */
    public int dscp(int trafficClass) {
        return switch (trafficClass) {
            case 0 -> dscpP0;
            case 1 -> dscpP1;
            case 2 -> dscpP2;
            default -> dscpP3;
        };
    }

    private static void check(int dscp) {
        if ((dscp < 0 || dscp > 63) && dscp != PacketDescriptor.DSCP_PRESERVE) {
            throw new IllegalArgumentException("code point " + dscp + " is outside 0 to 63");
        }
    }
}

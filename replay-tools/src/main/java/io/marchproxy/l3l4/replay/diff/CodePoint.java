package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** Names of code points (RFC 2474, 2597, 3246, 5865, 8622). */
final class CodePoint {
    private static final int CLASS_SHIFT = 3;
    private static final int PRECEDENCE_MASK = 7;

    private CodePoint() {}

    static String label(int dscp) {
        if (dscp == PacketDescriptor.DSCP_UNCHANGED) {
            return "unchanged";
        }
        String name = name(dscp);
        return name.isEmpty() ? Integer.toString(dscp) : name + " (" + dscp + ")";
    }

    private static String name(int dscp) {
        int low = dscp & PRECEDENCE_MASK;
        int high = dscp >> CLASS_SHIFT;
        return switch (dscp) {
            case 0 -> "BE";
            case 1 -> "LE";
            case 44 -> "VA";
            case 46 -> "EF";
            default -> {
                if (low == 0) {
                    yield "CS" + high;
                }
                boolean isAssured = high >= 1 && high <= 4 && low % 2 == 0;
                yield isAssured ? "AF" + high + low / 2 : "";
            }
        };
    }
}

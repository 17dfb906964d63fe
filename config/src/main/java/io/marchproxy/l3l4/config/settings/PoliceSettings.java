package io.marchproxy.l3l4.config.settings;

/**
 * A rate that a rule polices to, in each direction: RFC 2697, or with a peak rate RFC 2698.
 *
 * @param rateBits CIR, in bits per second
 * @param burstBytes CBS
 * @param excessBurstBytes EBS; 0 for none
 * @param peakRateBits PIR; 0 for none
 * @param peakBurstBytes PBS; of no meaning without a peak rate
 * @param conform what becomes of packets within the rate
 * @param exceed of those beyond it
 * @param violate of those beyond excess burst or peak rate as well
 */
public record PoliceSettings(
        long rateBits,
        long burstBytes,
        long excessBurstBytes,
        long peakRateBits,
        long peakBurstBytes,
        Action conform,
        Action exceed,
        Action violate) {
    public PoliceSettings {
        Ranges.check("police.rate", rateBits, ShapingSettings.LOWEST_RATE, ShapingSettings.HIGHEST_RATE);
        Ranges.check("police.burst", burstBytes, ShapingSettings.LEAST_BURST, ShapingSettings.LARGEST_BURST);
        Ranges.check("police.excess-burst", excessBurstBytes, 0, ShapingSettings.LARGEST_BURST);
        if (peakRateBits != 0) {
            Ranges.check("police.peak-rate", peakRateBits, rateBits, ShapingSettings.HIGHEST_RATE);
            Ranges.check(
                    "police.peak-burst", peakBurstBytes, ShapingSettings.LEAST_BURST, ShapingSettings.LARGEST_BURST);
            Ranges.check("police.excess-burst beside a peak rate", excessBurstBytes, 0, 0);
        }
    }

    /** Whether there is something worse than to exceed. */
    public boolean canViolate() {
        return excessBurstBytes != 0 || peakRateBits != 0;
    }

    /** What is done with a packet. */
    public enum Kind {
        PASS,
        REMARK,
        DROP
    }

    /**
     * What is done with a packet, and how.
     *
     * @param dscp code point that it leaves with, 0 to 63, if it is marked anew
     */
    public record Action(Kind kind, int dscp) {
        public static final Action PASS = new Action(Kind.PASS, 0);
        public static final Action DROP = new Action(Kind.DROP, 0);

        public Action {
            Ranges.check("dscp", dscp, 0, 63);
        }
    }
}

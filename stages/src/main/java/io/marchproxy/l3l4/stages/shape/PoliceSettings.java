package io.marchproxy.l3l4.stages.shape;

/**
 * How a rule polices its packets, in each direction by itself. Without a peak rate by RFC 2697, with one by RFC 2698; without peak rate
 * and excess burst there are two colors alone, and what does not conform exceeds.
 *
 * @param number of the policer, which is its rule's over reloads: 0 and up, without large gaps
 * @param place of the rule in the order of rules
 * @param committed CIR and CBS, of the whole
 * @param excessBytes EBS; 0 where there is none
 * @param peak PIR and PBS; {@link RateLimit#NONE} where there is none
 * @param conform what becomes of what conforms: {@link #PASS}, {@link #DROP}, or the code point that it leaves with
 */
public record PoliceSettings(
        int number,
        int place,
        RateLimit committed,
        long excessBytes,
        RateLimit peak,
        int conform,
        int exceed,
        int violate) {
    /** It goes on as it is. */
    public static final int PASS = -1;

    /** It goes no further. */
    public static final int DROP = -2;

    /** There are no more policers since a start than numbers of rules. */
    public static final int MOST = 1 << 16;

    private static final int HIGHEST_CODE_POINT = 63;

    public PoliceSettings {
        if (number < 0 || number >= MOST || place < 0) {
            throw new IllegalArgumentException("policer " + number + " of rule " + place);
        }
        if (!committed.isSet() || excessBytes < 0 || excessBytes > TokenBucket.LARGEST_BURST) {
            throw new IllegalArgumentException("a policer needs a rate, and an excess burst is no debt");
        }
        if (peak.isSet() && (excessBytes != 0 || peak.bitsPerSecond() < committed.bitsPerSecond())) {
            throw new IllegalArgumentException("a peak rate is no less than the rate, and has a burst of its own");
        }
        check(conform);
        check(exceed);
        check(violate);
    }

    private static void check(int action) {
        if (action < DROP || action > HIGHEST_CODE_POINT) {
            throw new IllegalArgumentException("no action " + action);
        }
    }

    /** Whether there is anything that it drops. */
    public boolean drops() {
        return conform == DROP || exceed == DROP || (violate == DROP && !hasTwoColors());
    }

    /** Whether what does not conform is of one kind. */
    public boolean hasTwoColors() {
        return !peak.isSet() && excessBytes == 0;
    }
}

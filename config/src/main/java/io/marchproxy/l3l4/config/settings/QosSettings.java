package io.marchproxy.l3l4.config.settings;

import java.time.Duration;
import java.util.List;

/**
 * Classes and rules.
 *
 * @param enabled false leaves code points as they come and puts every packet through as it is
 * @param linkBits what the link carries in each direction, in bits per second; 0 for no limit
 * @param codel how queues of datagrams are kept short
 * @param classes P0 to P3, in this order
 * @param rules in order; the first that matches decides, a service's own class is the default
 */
public record QosSettings(
        boolean enabled, long linkBits, Codel codel, List<ClassSettings> classes, List<RuleSettings> rules) {
    /** In the place of a code point to leave with: the one that the packet came with. The stages have the same number for it. */
    public static final int PRESERVE_DSCP = 254;

    /** Code points by RFC 4594 and DESIGN: EF, AF41, AF21, BE. A class has twice what the next lower one has, where nothing else is said. */
    public static final QosSettings DEFAULT = new QosSettings(
            true,
            0,
            Codel.DEFAULT,
            List.of(
                    new ClassSettings(46, 1000),
                    new ClassSettings(34, 1000, 0, 0, 4),
                    new ClassSettings(18, 1000, 0, 0, 2),
                    new ClassSettings(0, 1000)),
            List.of());

    public QosSettings {
        ShapingSettings.checkRate("link-rate", linkBits);
        classes = List.copyOf(classes);
        rules = List.copyOf(rules);
        if (classes.size() != TrafficClass.values().length) {
            throw new IllegalArgumentException("qos.classes has four classes");
        }
    }

    /** Without a limit of the link. */
    public QosSettings(boolean enabled, List<ClassSettings> classes, List<RuleSettings> rules) {
        this(enabled, 0, Codel.DEFAULT, classes, rules);
    }

    /**
     * Controlled delay (RFC 8289).
     *
     * @param enabled false has datagrams dropped by full queues alone
     * @param target how long packets may wait for ever
     * @param interval how long they may wait longer than that, before one is marked or dropped; at least the target
     */
    public record Codel(boolean enabled, Duration target, Duration interval) {
        public static final Duration LEAST_TARGET = Duration.ofNanos(10_000);
        public static final Duration LEAST_INTERVAL = Duration.ofMillis(1);

        /** The stages compute with its square. */
        public static final Duration LONGEST_INTERVAL = Duration.ofSeconds(2);

        /** As RFC 8289 has them: for round trips of the open Internet. */
        public static final Codel DEFAULT = new Codel(true, Duration.ofMillis(5), Duration.ofMillis(100));

        public Codel {
            Ranges.check("target", target, LEAST_TARGET, LONGEST_INTERVAL);
            Ranges.check("interval", interval, LEAST_INTERVAL, LONGEST_INTERVAL);
        }
    }

    /**
     * One class.
     *
     * @param dscp code point that its packets leave with, 0 to 63 (RFC 2474), or {@link #PRESERVE_DSCP}
     * @param queuePackets datagrams that it may hold in each direction
     * @param guaranteeBits what its packets have in any case in each direction, in bits per second; 0 for nothing
     * @param ceilingBits what its packets may have in each direction, in bits per second; 0 for no limit
     * @param weight of P1 to P3: its part of what is left besides the guarantees, 1 to 1,000
     */
    public record ClassSettings(int dscp, int queuePackets, long guaranteeBits, long ceilingBits, int weight) {
        public ClassSettings {
            if (dscp != PRESERVE_DSCP) {
                Ranges.check("dscp", dscp, 0, 63);
            }
            Ranges.check("queue", queuePackets, 1, 1_000_000);
            ShapingSettings.checkRate("guarantee", guaranteeBits);
            ShapingSettings.checkRate("ceiling", ceilingBits);
            Ranges.check("weight", weight, 1, 1_000);
        }

        /** Without rates, and of weight 1. */
        public ClassSettings(int dscp, int queuePackets) {
            this(dscp, queuePackets, 0, 0, 1);
        }
    }
}

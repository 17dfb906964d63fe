package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Action;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.RuleSettings.PortRange;
import io.marchproxy.l3l4.config.settings.RuleSettings.Range;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.config.value.QosValues;
import io.marchproxy.l3l4.config.value.Values;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The keys of {@code qos}. */
public final class QosKeys {
    private static final String ANY = "any";

    /** The keys of one class: its defaults differ from those of the others. */
    public record ClassKeys(
            Group group,
            Key<Long> guarantee,
            Key<Long> ceiling,
            Key<Integer> weight,
            Key<Integer> dscp,
            Key<Integer> queue) {}

    public static final Key<Boolean> ENABLED = Key.of(
            "enabled",
            Values.BOOLEAN,
            QosSettings.DEFAULT.enabled(),
            "Whether packets leave with their class's code point and by the rates that are set; false leaves code points as they"
                    + " came, and lets everything leave at once.");
    public static final Key<Long> LINK_RATE = Key.open(
            "link-rate",
            ServiceKeys.RATE_TYPE,
            "no limit",
            "What the link carries in each direction: all services together never exceed it.");

    public static final Key<Boolean> CODEL_ENABLED = Key.of(
            "enabled",
            Values.BOOLEAN,
            QosSettings.Codel.DEFAULT.enabled(),
            "Whether queues of datagrams are kept short: a client's packets are marked (ECN) or dropped while they all wait too"
                    + " long; false: they are dropped when a class's queue is full, and not before.");
    public static final Key<Duration> CODEL_TARGET = Key.of(
            "target",
            Values.duration(QosSettings.Codel.LEAST_TARGET, QosSettings.Codel.LONGEST_INTERVAL),
            QosSettings.Codel.DEFAULT.target(),
            "How long packets may wait for ever; about a twentieth of the interval (RFC 8289).");
    public static final Key<Duration> CODEL_INTERVAL = Key.of(
            "interval",
            Values.duration(QosSettings.Codel.LEAST_INTERVAL, QosSettings.Codel.LONGEST_INTERVAL),
            QosSettings.Codel.DEFAULT.interval(),
            "How long they may wait longer than the target; about as long as senders take to answer (RFC 8289).");
    public static final Group CODEL = new Group(
            "codel",
            "How queues of datagrams are kept short (RFC 8289); bytes of TCP are never dropped.",
            List.of(CODEL_ENABLED, CODEL_TARGET, CODEL_INTERVAL));

    /** P0 to P3, in this order. */
    public static final List<ClassKeys> CLASSES = classes();

    public static final Group CLASS_GROUP = new Group(
            "classes",
            "The four classes, most urgent first.",
            CLASSES.stream().<Field>map(ClassKeys::group).toList());

    public static final Key<Protocol> MATCH_PROTOCOL = Key.open(
            "protocol",
            Values.word(List.of(Protocol.TCP, Protocol.UDP), Protocol::label, Map.of()),
            ANY,
            "Protocol of the packet.");
    public static final Key<IpPrefix> MATCH_SOURCE =
            Key.open("source", Values.PREFIX, ANY, "Prefix that the client's address lies in.");
    public static final Key<IpPrefix> MATCH_DESTINATION =
            Key.open("destination", Values.PREFIX, ANY, "Prefix that the address which the client wrote to lies in.");
    public static final Key<PortRange> MATCH_SOURCE_PORT =
            Key.open("source-port", QosValues.PORTS, ANY, "The client's port, or a range.");
    public static final Key<PortRange> MATCH_DESTINATION_PORT =
            Key.open("destination-port", QosValues.PORTS, ANY, "The listener's port, or a range.");
    public static final Key<Integer> MATCH_DSCP = Key.open(
            "dscp",
            QosValues.DSCP,
            ANY,
            "Code point that the packet came with; of a TCP connection, that its first packet came with.");
    public static final Key<String> MATCH_SERVICE = Key.open("service", Values.NAME, ANY, "Name of a service.");
    public static final Key<Range> MATCH_LENGTH = Key.open(
            "length",
            QosValues.RANGE,
            ANY,
            "Bytes of the datagram's content, of each datagram in either direction; no TCP connection matches.");
    public static final Key<Range> MATCH_CLIENT_FLOWS = Key.open(
            "client-flows",
            QosValues.RANGE,
            ANY,
            "How many TCP connections and UDP sessions the client's address has open already, of all services of its shard.");
    public static final Group MATCH = new Group(
            "match",
            "Conditions that must all hold; without any, every packet matches.",
            List.of(
                    MATCH_PROTOCOL,
                    MATCH_SOURCE,
                    MATCH_DESTINATION,
                    MATCH_SOURCE_PORT,
                    MATCH_DESTINATION_PORT,
                    MATCH_DSCP,
                    MATCH_LENGTH,
                    MATCH_CLIENT_FLOWS,
                    MATCH_SERVICE));

    public static final Key<TrafficClass> RULE_CLASS =
            Key.required("class", ServiceKeys.CLASS_TYPE, "Class that matching packets get.");
    public static final Key<Integer> RULE_DSCP = Key.open(
            "dscp",
            QosValues.EGRESS_DSCP,
            "the class's own",
            "Code point that matching packets leave with; preserve: with the one that they came with.");
    public static final Key<Long> POLICE_RATE =
            Key.required("rate", ServiceKeys.RATE_TYPE, "Rate that matching packets conform to, in each direction.");
    public static final Key<Long> POLICE_BURST = Key.open(
            "burst", ServiceKeys.BURST_TYPE, ServiceKeys.USUAL_BURST, "What conforms at once after a silence.");
    public static final Key<Long> POLICE_EXCESS_BURST = Key.open(
            "excess-burst",
            ServiceKeys.BURST_TYPE,
            "none",
            "What exceeds at once after a longer silence; beyond that it violates (RFC 2697).");
    public static final Key<Long> POLICE_PEAK_RATE = Key.open(
            "peak-rate",
            ServiceKeys.RATE_TYPE,
            "none",
            "Rate up to which packets exceed; beyond that they violate (RFC 2698).");
    public static final Key<Long> POLICE_PEAK_BURST = Key.open(
            "peak-burst",
            ServiceKeys.BURST_TYPE,
            ServiceKeys.USUAL_BURST.replace("the rate", "the peak rate"),
            "What may come at once at the peak rate.");
    public static final Key<Action> POLICE_CONFORM =
            Key.of("conform", QosValues.POLICE_ACTION, Action.PASS, "What becomes of packets that conform.");
    public static final Key<Action> POLICE_EXCEED =
            Key.of("exceed", QosValues.POLICE_ACTION, Action.DROP, "What becomes of packets that exceed the rate.");
    public static final Key<Action> POLICE_VIOLATE = Key.open(
            "violate",
            QosValues.POLICE_ACTION,
            "drop",
            "What becomes of packets that violate; only with excess-burst or peak-rate.");
    public static final Group POLICE = new Group(
            "police",
            true,
            "Drops or marks what comes faster than a rate, where shaping would have it wait.",
            List.of(
                    POLICE_RATE,
                    POLICE_BURST,
                    POLICE_EXCESS_BURST,
                    POLICE_PEAK_RATE,
                    POLICE_PEAK_BURST,
                    POLICE_CONFORM,
                    POLICE_EXCEED,
                    POLICE_VIOLATE));
    public static final Groups RULES = new Groups(
            "rules",
            "Rules in order: the first that matches decides; a service's own class is the default.",
            new Group("", "One rule.", List.of(MATCH, RULE_CLASS, RULE_DSCP, POLICE)));

    public static final Group QOS = new Group(
            "qos",
            "Classes of traffic, and which packets belong to which.",
            List.of(ENABLED, LINK_RATE, CODEL, CLASS_GROUP, RULES));

    private QosKeys() {}

    private static List<ClassKeys> classes() {
        List<ClassKeys> classes = new ArrayList<>();
        for (TrafficClass number : TrafficClass.values()) {
            QosSettings.ClassSettings settings = QosSettings.DEFAULT.classes().get(number.ordinal());
            Key<Integer> dscp = Key.of(
                    "dscp",
                    QosValues.EGRESS_DSCP,
                    settings.dscp(),
                    "Code point that its packets leave with; preserve: with the one that they came with.");
            Key<Integer> queue = Key.of(
                    "queue",
                    Values.integer(1, 1_000_000),
                    settings.queuePackets(),
                    "Datagrams that it may hold back in each direction; what comes then is dropped.");
            Key<Long> guarantee = Key.open(
                    "guarantee",
                    ServiceKeys.RATE_TYPE,
                    "none",
                    "Rate that the class has in any case, in each direction and over all services.");
            Key<Integer> weight = Key.of(
                    "weight",
                    Values.integer(1, 1_000),
                    settings.weight(),
                    "Its part, among P1 to P3, of what is left besides the guarantees.");
            Key<Long> ceiling = Key.open(
                    "ceiling",
                    ServiceKeys.RATE_TYPE,
                    "no limit",
                    "Rate that the class never exceeds, in each direction and over all services.");
            Group group = new Group(
                    number.name(),
                    "Class " + number + ".",
                    // P0 goes first, and has no turns to be weighed.
                    number == TrafficClass.P0
                            ? List.of(guarantee, ceiling, dscp, queue)
                            : List.of(guarantee, ceiling, weight, dscp, queue));
            classes.add(new ClassKeys(group, guarantee, ceiling, weight, dscp, queue));
        }
        return List.copyOf(classes);
    }
}

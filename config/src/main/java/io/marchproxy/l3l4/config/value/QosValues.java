package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.PoliceSettings.Action;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Kind;
import io.marchproxy.l3l4.config.settings.RuleSettings.PortRange;
import io.marchproxy.l3l4.config.settings.RuleSettings.Range;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The types of values that rules look at, and of what they do. */
public final class QosValues {
    private static final String REMARK = "remark ";

    public static final ValueType<Integer> DSCP = new ValueType<>(
            "code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63",
            CodePoints::read,
            CodePoints::write,
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of("enum", List.copyOf(CodePoints.BY_NAME.keySet())),
                            Map.of(Values.TYPE, Values.INTEGER, "minimum", 0, "maximum", 63))));

    /** What a packet leaves with: a code point, or {@code preserve} for the one that it came with. */
    public static final ValueType<Integer> EGRESS_DSCP = new ValueType<>(
            "code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63; or preserve",
            CodePoints::readOrPreserve,
            CodePoints::writeOrPreserve,
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(
                                    "enum",
                                    Stream.concat(CodePoints.BY_NAME.keySet().stream(), Stream.of(CodePoints.PRESERVE))
                                            .toList()),
                            Map.of(Values.TYPE, Values.INTEGER, "minimum", 0, "maximum", 63))));

    public static final ValueType<PortRange> PORTS = new ValueType<>(
            "port, or range such as 5000-5999",
            QosValues::ports,
            ports -> ports.low() == ports.high() ? Integer.toString(ports.low()) : ports.low() + "-" + ports.high(),
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(Values.TYPE, Values.INTEGER, "minimum", 0, "maximum", 65_535),
                            Values.pattern("^[0-9]{1,5}(-[0-9]{1,5})?$"))));

    /** Lengths and counts; one without an end goes on for ever. */
    public static final ValueType<Range> RANGE = new ValueType<>(
            "number, or range such as 0-512 or 513-",
            QosValues::range,
            Range::toString,
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(Values.TYPE, Values.INTEGER, "minimum", 0),
                            Values.pattern("^[0-9]{1,9}(-([0-9]{1,9})?)?$"))));

    /** What a policer does with a packet. */
    public static final ValueType<Action> POLICE_ACTION = new ValueType<>(
            "pass, drop, or remark and a code point, such as remark AF12",
            QosValues::policeAction,
            action -> switch (action.kind()) {
                case PASS -> "pass";
                case DROP -> "drop";
                case REMARK -> REMARK + CodePoints.write(action.dscp());
            },
            Values.pattern("^(pass|drop|remark [A-Za-z0-9]{1,4})$"));

    private QosValues() {}

    private static PortRange ports(String text) throws BadValueException {
        if (!text.matches("[0-9]{1,5}( ?- ?[0-9]{1,5})?")) {
            throw new BadValueException("is neither a port nor a range of ports, such as 5000-5999");
        }
        String[] ends = text.split(" ?- ?", 2);
        int low = (int) Values.whole(ends[0], 0, 65_535);
        int high = (int) Values.whole(ends[ends.length - 1], 0, 65_535);
        if (low > high) {
            throw new BadValueException("is a range that ends before it begins", high + "-" + low);
        }
        return new PortRange(low, high);
    }

    private static Action policeAction(String text) throws BadValueException {
        if (text.startsWith(REMARK)) {
            return new Action(Kind.REMARK, CodePoints.read(text.substring(REMARK.length())));
        }
        return switch (text) {
            case "pass" -> Action.PASS;
            case "drop" -> Action.DROP;
            case "remark" -> throw new BadValueException("says no code point", REMARK + "AF12");
            default -> {
                String meant = Nearest.of(text, List.of("pass", "drop", REMARK + "AF12"));
                throw new BadValueException("is none of pass, drop, remark CODEPOINT", meant);
            }
        };
    }

    private static Range range(String text) throws BadValueException {
        if (!text.matches("[0-9]{1,9}( ?- ?[0-9]{0,9})?")) {
            throw new BadValueException("is neither a number nor a range of numbers, such as 0-512 or 513-");
        }
        String[] ends = text.split(" ?- ?", -1);
        int low = Integer.parseInt(ends[0]);
        String end = ends[ends.length - 1];
        int high = end.isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(end);
        if (low > high) {
            throw new BadValueException("is a range that ends before it begins", high + "-" + low);
        }
        return new Range(low, high);
    }
}

package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings.StatusRange;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Action;
import io.marchproxy.l3l4.config.settings.PoliceSettings.Kind;
import io.marchproxy.l3l4.config.settings.RuleSettings.PortRange;
import io.marchproxy.l3l4.config.settings.RuleSettings.Range;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** The types of values that keys have. */
public final class Values {
    private static final String STRING = "string";
    private static final String TYPE = "type";
    private static final String PATTERN = "pattern";
    private static final String INTEGER = "integer";
    private static final String REMARK = "remark ";

    public static final ValueType<Boolean> BOOLEAN =
            new ValueType<>("true or false", Values::bool, String::valueOf, Map.of(TYPE, "boolean"));

    public static final ValueType<String> TEXT =
            new ValueType<>("text", Values::text, text -> text, Map.of(TYPE, STRING));

    /** Names of services and backends: they become labels of metrics and parts of paths. */
    public static final ValueType<String> NAME = new ValueType<>(
            "name: letters, digits, . _ : - up to 100",
            Values::name,
            name -> name,
            pattern("^[A-Za-z0-9\\[][A-Za-z0-9._:\\[\\]-]{0,99}$"));

    public static final ValueType<Path> PATH =
            new ValueType<>("path", Values::path, Path::toString, Map.of(TYPE, STRING, "minLength", 1));

    public static final ValueType<Integer> DSCP = new ValueType<>(
            "code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63",
            CodePoints::read,
            CodePoints::write,
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of("enum", List.copyOf(CodePoints.BY_NAME.keySet())),
                            Map.of(TYPE, INTEGER, "minimum", 0, "maximum", 63))));

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
                            Map.of(TYPE, INTEGER, "minimum", 0, "maximum", 63))));

    public static final ValueType<ListenAddress> LISTEN = new ValueType<>(
            "tcp://HOST:PORT or udp://HOST:PORT; HOST an address of this machine, * for all (both families) or localhost; port 0 takes a free one",
            Addresses::listen,
            ListenAddress::toString,
            pattern("^(tcp|udp)://.+:[0-9]{1,5}$"));

    public static final ValueType<HostPort> HOST_PORT = new ValueType<>(
            "HOST:PORT; HOST an address or a name, IPv6 in brackets",
            Addresses::hostPort,
            HostPort::toString,
            pattern("^.+:[0-9]{1,5}$"));

    public static final ValueType<String> ADDRESS = new ValueType<>(
            "address of this machine", Values::address, address -> address, Map.of(TYPE, STRING, "minLength", 1));

    public static final ValueType<IpPrefix> PREFIX = new ValueType<>(
            "prefix, such as 10.0.0.0/8 or 2001:db8::/32",
            Addresses::prefix,
            IpPrefix::toString,
            pattern("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"));

    public static final ValueType<PortRange> PORTS = new ValueType<>(
            "port, or range such as 5000-5999",
            Values::ports,
            ports -> ports.low() == ports.high() ? Integer.toString(ports.low()) : ports.low() + "-" + ports.high(),
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(TYPE, INTEGER, "minimum", 0, "maximum", 65_535),
                            pattern("^[0-9]{1,5}(-[0-9]{1,5})?$"))));

    /** Lengths and counts; one without an end goes on for ever. */
    public static final ValueType<Range> RANGE = new ValueType<>(
            "number, or range such as 0-512 or 513-",
            Values::range,
            Range::toString,
            Map.of("anyOf", List.of(Map.of(TYPE, INTEGER, "minimum", 0), pattern("^[0-9]{1,9}(-([0-9]{1,9})?)?$"))));

    /** What a policer does with a packet. */
    public static final ValueType<Action> POLICE_ACTION = new ValueType<>(
            "pass, drop, or remark and a code point, such as remark AF12",
            Values::policeAction,
            action -> switch (action.kind()) {
                case PASS -> "pass";
                case DROP -> "drop";
                case REMARK -> REMARK + CodePoints.write(action.dscp());
            },
            pattern("^(pass|drop|remark [A-Za-z0-9]{1,4})$"));

    /** Events per second. */
    public static final ValueType<Long> PER_SECOND = new ValueType<>(
            "number per second, such as 100/s", Values::perSecond, n -> n + "/s", pattern("^[0-9]{1,10}/s$"));

    public static final ValueType<Integer> SHARDS = new ValueType<>(
            "auto, or 1 to 256",
            Values::shards,
            shards -> shards == 0 ? "auto" : Integer.toString(shards),
            Map.of("anyOf", List.of(Map.of("const", "auto"), Map.of(TYPE, INTEGER, "minimum", 0, "maximum", 256))));

    /** A budget of spinning; the two words are {@link EngineSettings#SPIN_AUTO} and {@link EngineSettings#SPIN_OFF}. */
    public static final ValueType<Duration> SPIN = new ValueType<>(
            "off, auto, or duration, 1us to 10ms",
            Values::spin,
            spin -> spin.isNegative() ? "auto" : spin.isZero() ? "off" : Units.write(spin),
            Map.of(
                    "anyOf",
                    List.of(Map.of("enum", List.of("off", "auto")), pattern(Units.pattern(Units.DURATION_NS)))));

    public static final ValueType<URI> URL =
            new ValueType<>("URL", Values::url, URI::toString, pattern("^https?://.+$"));

    public static final ValueType<Secret> SECRET = new ValueType<>(
            "secret; never shown", text -> new Secret(text), _ -> Secret.MASK, Map.of(TYPE, STRING), true);

    /** What a probe sends or expects; each character of the value is a byte. */
    public static final ValueType<String> BYTES = new ValueType<>(
            "text of up to 1024 bytes; \\r, \\n, \\t, \\0, \\\\ and \\xHH stand for bytes",
            ProbeText::read,
            ProbeText::write,
            Map.of(TYPE, STRING, "maxLength", 4096));

    public static final ValueType<String> URL_PATH = new ValueType<>(
            "path of a URL, such as /healthz", Values::urlPath, path -> path, pattern("^/[!-~]{0,1023}$"));

    public static final ValueType<String> HOST_NAME = new ValueType<>(
            "name or address of a host",
            Values::hostName,
            host -> host,
            pattern("^[A-Za-z0-9\\[]([A-Za-z0-9._:\\[\\]-]{0,253})$"));

    /** HTTP status codes. */
    public static final ValueType<StatusRange> STATUS = new ValueType<>(
            "status code, or range such as 200-399",
            Values::status,
            range -> range.low() == range.high() ? Integer.toString(range.low()) : range.low() + "-" + range.high(),
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(TYPE, INTEGER, "minimum", 100, "maximum", 599),
                            pattern("^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"))));

    private static final ValueType<Duration> SPIN_BUDGET =
            duration(Duration.ofNanos(1_000), EngineSettings.LONGEST_SPIN);

    private Values() {}

    /** Whole numbers. */
    public static ValueType<Integer> integer(int least, int most) {
        return new ValueType<>(
                "whole number, " + least + " to " + most,
                text -> (int) whole(text, least, most),
                String::valueOf,
                Map.of(TYPE, INTEGER, "minimum", least, "maximum", most));
    }

    /** Whole numbers that are powers of two. */
    public static ValueType<Integer> powerOfTwo(int least, int most) {
        List<Integer> powers = new ArrayList<>();
        for (long power = least; power <= most; power *= 2) {
            powers.add((int) power);
        }
        return new ValueType<>(
                "power of two, " + least + " to " + most,
                text -> {
                    int number = (int) whole(text, least, most);
                    if (Integer.bitCount(number) != 1) {
                        throw new BadValueException(
                                "is no power of two", Integer.toString(2 * Integer.highestOneBit(number)));
                    }
                    return number;
                },
                String::valueOf,
                Map.of("enum", List.copyOf(powers)));
    }

    /** Whole numbers that are prime. */
    public static ValueType<Integer> prime(int least, int most) {
        return new ValueType<>(
                "prime number, " + least + " to " + most,
                text -> {
                    int number = (int) whole(text, least, most);
                    int next = number;
                    while (!BigInteger.valueOf(next).isProbablePrime(40)) {
                        next++;
                    }
                    if (next != number) {
                        throw new BadValueException("is no prime", Integer.toString(next));
                    }
                    return number;
                },
                String::valueOf,
                Map.of(TYPE, INTEGER, "minimum", least, "maximum", most));
    }

    /** Decimal numbers. */
    public static ValueType<Double> decimal(int least, int most) {
        return new ValueType<>(
                "number, " + least + " to " + most,
                text -> {
                    if (!text.matches("-?[0-9]{1,15}(\\.[0-9]{1,15})?")) {
                        throw new BadValueException("is not a number");
                    }
                    BigDecimal number = new BigDecimal(text);
                    if (number.compareTo(BigDecimal.valueOf(least)) < 0
                            || number.compareTo(BigDecimal.valueOf(most)) > 0) {
                        throw new BadValueException("must be from " + least + " to " + most);
                    }
                    return number.doubleValue();
                },
                number -> BigDecimal.valueOf(number).stripTrailingZeros().toPlainString(),
                Map.of(TYPE, "number", "minimum", least, "maximum", most));
    }

    /** Durations. */
    public static ValueType<Duration> duration(Duration least, Duration most) {
        Map<String, Object> schema = least.isZero()
                ? Map.of(
                        TYPE,
                        List.of(STRING, INTEGER),
                        PATTERN,
                        Units.pattern(Units.DURATION_NS),
                        "minimum",
                        0,
                        "maximum",
                        0)
                : pattern(Units.pattern(Units.DURATION_NS));
        String range = Units.write(least) + " to " + Units.write(most);
        return new ValueType<>(
                "duration, " + range,
                text -> {
                    Duration value = Duration.ofNanos(Units.read(text, Units.DURATION_NS, "duration"));
                    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                        throw new BadValueException("must be from " + range);
                    }
                    return value;
                },
                Units::write,
                schema);
    }

    /** Bits per second. */
    public static ValueType<Long> rate(long least, long most) {
        String range = Units.write(least, Units.RATE_BITS) + " to " + Units.write(most, Units.RATE_BITS);
        return new ValueType<>(
                "rate, " + range,
                text -> {
                    long value = Units.read(text, Units.RATE_BITS, "rate");
                    if (value < least || value > most) {
                        throw new BadValueException("must be from " + range);
                    }
                    return value;
                },
                rate -> Units.write(rate, Units.RATE_BITS),
                pattern(Units.pattern(Units.RATE_BITS)));
    }

    /** Sizes in bytes. */
    public static ValueType<Long> size(long least, long most) {
        String range = Units.write(least, Units.SIZE_BYTES) + " to " + Units.write(most, Units.SIZE_BYTES);
        return new ValueType<>(
                "size, " + range,
                text -> {
                    long value = Units.read(text, Units.SIZE_BYTES, "size");
                    if (value < least || value > most) {
                        throw new BadValueException("must be from " + range);
                    }
                    return value;
                },
                size -> Units.write(size, Units.SIZE_BYTES),
                pattern(Units.pattern(Units.SIZE_BYTES)));
    }

    /** One of an enumeration's constants, written in lower case with dashes. */
    public static <E extends Enum<E>> ValueType<E> word(Class<E> type) {
        return word(type, constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-'), Map.of());
    }

    /**
     * One of an enumeration's constants.
     *
     * @param label how each is written
     * @param synonyms further words that are accepted
     */
    public static <E extends Enum<E>> ValueType<E> word(
            Class<E> type, Function<E, String> label, Map<String, E> synonyms) {
        Map<String, E> words = new LinkedHashMap<>();
        for (E constant : type.getEnumConstants()) {
            words.put(label.apply(constant), constant);
        }
        List<String> shown = List.copyOf(words.keySet());
        words.putAll(synonyms);
        Set<String> all = words.keySet();
        return new ValueType<>(
                String.join(" | ", shown),
                text -> {
                    E value = words.get(text);
                    if (value == null) {
                        String wanted = shown.size() == 1 ? "must be " : "is none of ";
                        throw new BadValueException(wanted + String.join(", ", shown), Nearest.of(text, all));
                    }
                    return value;
                },
                label,
                Map.of("enum", List.copyOf(all)));
    }

    private static boolean bool(String text) throws BadValueException {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                throw new BadValueException(
                        "is neither true nor false",
                        switch (text.toLowerCase(Locale.ROOT)) {
                            case "yes", "on", "1", "enabled", "true" -> "true";
                            case "no", "off", "0", "disabled", "false" -> "false";
                            default -> null;
                        });
        };
    }

    private static String text(String text) throws BadValueException {
        if (text.length() > 255 || text.chars().anyMatch(Character::isISOControl)) {
            throw new BadValueException("is longer than 255 characters or holds control characters");
        }
        return text;
    }

    private static String name(String text) throws BadValueException {
        if (!text.matches("[A-Za-z0-9\\[][A-Za-z0-9._:\\[\\]-]{0,99}")) {
            throw new BadValueException(
                    "is no name: letters, digits and . _ : - (100 at the most), a letter or digit first");
        }
        return text;
    }

    private static Path path(String text) throws BadValueException {
        try {
            if (!text.isEmpty() && text.chars().noneMatch(Character::isISOControl)) {
                return Path.of(text);
            }
        } catch (InvalidPathException _) {
            // Told below, like an empty one.
        }
        throw new BadValueException("is no path");
    }

    private static String address(String text) throws BadValueException {
        String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        return Addresses.listenHost(bare);
    }

    private static PortRange ports(String text) throws BadValueException {
        if (!text.matches("[0-9]{1,5}( ?- ?[0-9]{1,5})?")) {
            throw new BadValueException("is neither a port nor a range of ports, such as 5000-5999");
        }
        String[] ends = text.split(" ?- ?", 2);
        int low = (int) whole(ends[0], 0, 65_535);
        int high = (int) whole(ends[ends.length - 1], 0, 65_535);
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

    private static String urlPath(String text) throws BadValueException {
        if (!text.matches("/[!-~]{0,1023}")) {
            throw new BadValueException(
                    "is no path of a URL: it begins with / and has neither blanks nor other characters than ASCII",
                    text.matches("[!-~]{1,1023}") ? "/" + text : null);
        }
        return text;
    }

    private static String hostName(String text) throws BadValueException {
        if (!text.matches("[A-Za-z0-9\\[][A-Za-z0-9._:\\[\\]-]{0,253}")) {
            throw new BadValueException("is neither a host's name nor its address");
        }
        return text;
    }

    private static StatusRange status(String text) throws BadValueException {
        if (!text.matches("[1-5][0-9]{2}( ?- ?[1-5][0-9]{2})?")) {
            throw new BadValueException(
                    "is neither an HTTP status code nor a range of them, such as 200-399",
                    text.matches("[1-5](xx|XX)") ? text.charAt(0) + "00-" + text.charAt(0) + "99" : null);
        }
        String[] ends = text.split(" ?- ?", 2);
        int low = Integer.parseInt(ends[0]);
        int high = Integer.parseInt(ends[ends.length - 1]);
        if (low > high) {
            throw new BadValueException("is a range that ends before it begins", high + "-" + low);
        }
        return new StatusRange(low, high);
    }

    private static long perSecond(String text) throws BadValueException {
        if (text.matches("[0-9]{1,10}")) {
            throw new BadValueException("has no unit (/s)", text + "/s");
        }
        if (!text.matches("[0-9]{1,10}/s")) {
            throw new BadValueException("is no number per second, such as 100/s");
        }
        return whole(text.substring(0, text.length() - 2), 1, 1_000_000_000);
    }

    private static int shards(String text) throws BadValueException {
        if (text.equals("auto")) {
            return 0;
        }
        if (!text.matches("-?[0-9]{1,18}")) {
            throw new BadValueException("is neither auto nor a whole number", Nearest.of(text, List.of("auto")));
        }
        return (int) whole(text, 0, 256);
    }

    private static Duration spin(String text) throws BadValueException {
        return switch (text) {
            case "off" -> EngineSettings.SPIN_OFF;
            case "auto" -> EngineSettings.SPIN_AUTO;
            default -> SPIN_BUDGET.read(text);
        };
    }

    private static URI url(String text) throws BadValueException {
        try {
            URI url = new URI(text);
            if (url.getUserInfo() != null) {
                throw new BadValueException("holds a user name or a password, which would be shown");
            }
            if (List.of("http", "https").contains(url.getScheme()) && url.getHost() != null) {
                return url;
            }
        } catch (URISyntaxException _) {
            // Told below, and not in the parser's words: they repeat the text, which may hold a password.
        }
        throw new BadValueException("is no URL, such as http://127.0.0.1:4317");
    }

    private static long whole(String text, long least, long most) throws BadValueException {
        if (!text.matches("-?[0-9]{1,18}")) {
            throw new BadValueException("is not a whole number");
        }
        long number = Long.parseLong(text);
        if (number < least || number > most) {
            throw new BadValueException("must be from " + least + " to " + most);
        }
        return number;
    }

    private static Map<String, Object> pattern(String regex) {
        return Map.of(TYPE, STRING, PATTERN, regex);
    }
}

package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
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

/** The types of values that keys have. */
public final class Values {
    static final String STRING = "string";
    static final String TYPE = "type";
    private static final String PATTERN = "pattern";
    static final String INTEGER = "integer";

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

    public static final ValueType<ListenAddress> LISTEN = new ValueType<>(
            "tcp://HOST:PORT or udp://HOST:PORT; HOST an address of this machine, * for all (both families) or localhost; port 0 takes a free one; or ip://*",
            Addresses::listen,
            ListenAddress::toString,
            pattern("^((tcp|udp)://.+:[0-9]{1,5}|ip://\\*)$"));

    public static final ValueType<HostPort> HOST_PORT = new ValueType<>(
            "HOST:PORT; HOST an address or a name, IPv6 in brackets",
            Addresses::hostPort,
            HostPort::toString,
            pattern("^.+:[0-9]{1,5}$"));

    /** Where a backend is; gateways have no port. */
    public static final ValueType<HostPort> BACKEND = new ValueType<>(
            "HOST:PORT; HOST an address or a name, IPv6 in brackets; of a gateway HOST",
            Addresses::backend,
            HostPort::toString,
            Map.of(TYPE, STRING, "minLength", 1));

    public static final ValueType<String> ADDRESS = new ValueType<>(
            "address of this machine", Values::address, address -> address, Map.of(TYPE, STRING, "minLength", 1));

    public static final ValueType<IpPrefix> PREFIX = new ValueType<>(
            "prefix, such as 10.0.0.0/8 or 2001:db8::/32",
            Addresses::prefix,
            IpPrefix::toString,
            pattern("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"));

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
        return word(List.of(type.getEnumConstants()), label, synonyms);
    }

    /**
     * One of some constants.
     *
     * @param label how each is written
     * @param synonyms further words that are accepted
     */
    public static <E extends Enum<E>> ValueType<E> word(
            List<E> constants, Function<E, String> label, Map<String, E> synonyms) {
        Map<String, E> words = new LinkedHashMap<>();
        for (E constant : constants) {
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

    static long whole(String text, long least, long most) throws BadValueException {
        if (!text.matches("-?[0-9]{1,18}")) {
            throw new BadValueException("is not a whole number");
        }
        long number = Long.parseLong(text);
        if (number < least || number > most) {
            throw new BadValueException("must be from " + least + " to " + most);
        }
        return number;
    }

    static Map<String, Object> pattern(String regex) {
        return Map.of(TYPE, STRING, PATTERN, regex);
    }
}

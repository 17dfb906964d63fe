package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.RuleSettings.PortRange;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.QosValues;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads filters as tcpdump's users write them (pcap-filter(7)), for flows: {@code tcp and (net 10.0.0.0/8 or port 443) and not bytes
 * < 1KB}. Source is the client, destination the listener. A recursive descent over words; {@code and} binds closer than
 * {@code or}, {@code not} closest.
 */
final class FilterParser {
    static final String HELP =
            "host ADDRESS, net PREFIX, port N or N-M, each also with src (the client) or dst (the listener) before it; tcp, udp, ip,"
                    + " ip6, proto N; service NAME, class P0..P3, backend ID, provider NAME, region NAME, end REASON; bytes, packets,"
                    + " bytes-to-backend, bytes-to-client, packets-to-backend, packets-to-client, drops, duration, dscp, rule, shard"
                    + " with > >= < <= = != and a number, such as bytes > 1MB or duration < 2s; and, or, not, parentheses";

    private static final Pattern WORD = Pattern.compile("&&|\\|\\||!=|>=|<=|==|[()!<>=]|\"[^\"]*\"|[^\\s()!<>=&|\"]+");
    private static final int DEEPEST = 200;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int HIGHEST_PROTOCOL = 255;
    private static final ValueType<Duration> TIME = Values.duration(Duration.ZERO, Duration.ofDays(36_500));
    private static final ValueType<Long> SIZE = Values.size(0, Long.MAX_VALUE);

    private static final Map<String, ToLongFunction<Flow>> NUMBERS = Map.ofEntries(
            Map.entry("bytes", Flow::bytes),
            Map.entry("packets", Flow::packets),
            Map.entry("bytes-to-backend", Flow::bytesToBackend),
            Map.entry("bytes-to-client", Flow::bytesToClient),
            Map.entry("packets-to-backend", Flow::packetsToBackend),
            Map.entry("packets-to-client", Flow::packetsToClient),
            Map.entry("drops", Flow::droppedPackets),
            Map.entry("duration", Flow::durationNs),
            Map.entry("dscp", flow -> orMinus(flow.dscp())),
            Map.entry("rule", flow -> orMinus(flow.rule())),
            Map.entry("shard", Flow::shard));

    private record Token(String text, int position) {}

    private enum Side {
        EITHER,
        CLIENT,
        LISTENER
    }

    private final String text;
    private final List<Token> words = new ArrayList<>();
    private int next;
    private int depth;

    private FilterParser(String text) {
        this.text = text;
    }

    /** The filter that a text is; an empty one lets everything pass. */
    static Predicate<Flow> parse(String text) throws FilterException {
        FilterParser parser = new FilterParser(text);
        parser.split();
        if (parser.words.isEmpty()) {
            return flow -> true;
        }
        Predicate<Flow> filter = parser.or();
        Token rest = parser.peek();
        if (rest != null) {
            throw parser.wrong(
                    rest, rest.text().equals(")") ? "no ( for this )" : "and or or is missing before " + rest.text());
        }
        return filter;
    }

    private static long orMinus(@Nullable Integer value) {
        return value == null ? -1 : value;
    }

    private void split() throws FilterException {
        Matcher word = WORD.matcher(text);
        int at = 0;
        while (at < text.length()) {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
            } else if (word.find(at) && word.start() == at) {
                words.add(new Token(word.group(), at));
                at = word.end();
            } else {
                throw new FilterException(
                        text, at, text.charAt(at) == '"' ? "a \" without its end" : "unexpected " + text.charAt(at));
            }
        }
    }

    private Predicate<Flow> or() throws FilterException {
        Predicate<Flow> left = and();
        while (accept("or", "||")) {
            left = left.or(and());
        }
        return left;
    }

    private Predicate<Flow> and() throws FilterException {
        Predicate<Flow> left = not();
        while (accept("and", "&&")) {
            left = left.and(not());
        }
        return left;
    }

    private Predicate<Flow> not() throws FilterException {
        if (++depth > DEEPEST) {
            throw new FilterException(text, positionOfNext(), "nested deeper than " + DEEPEST);
        }
        try {
            if (accept("not", "!")) {
                return not().negate();
            }
            Token open = peek();
            if (accept("(", "(")) {
                Predicate<Flow> inner = or();
                if (!accept(")", ")")) {
                    throw new FilterException(text, open == null ? 0 : open.position(), "a ( without its )");
                }
                return inner;
            }
            return primitive();
        } finally {
            depth--;
        }
    }

    private Predicate<Flow> primitive() throws FilterException {
        Token word = take("a condition");
        String name = word.text().toLowerCase(Locale.ROOT);
        ToLongFunction<Flow> number = NUMBERS.get(name);
        if (number != null) {
            return compare(word, name, number);
        }
        return switch (name) {
            case "tcp" -> flow -> flow.protocol() == TCP;
            case "udp" -> flow -> flow.protocol() == UDP;
            case "ip" -> flow -> flow.client().ipVersion() == 4;
            case "ip6" -> flow -> flow.client().ipVersion() == 6;
            case "proto" -> protocol();
            case "src", "client" -> endpoint(Side.CLIENT);
            case "dst", "listener" -> endpoint(Side.LISTENER);
            case "host" -> host(Side.EITHER);
            case "net" -> net(Side.EITHER);
            case "port" -> port(Side.EITHER);
            case "service" -> named(Flow::service);
            case "class" -> trafficClass();
            case "backend" -> named(Flow::backend);
            case "provider" -> named(Flow::provider);
            case "region" -> named(Flow::region);
            case "end" -> named(Flow::endReason);
            default -> throw wrong(word, "unknown word " + word.text() + "; there are: " + HELP);
        };
    }

    private Predicate<Flow> endpoint(Side side) throws FilterException {
        Token word = peek();
        if (word != null) {
            switch (word.text().toLowerCase(Locale.ROOT)) {
                case "host" -> {
                    next++;
                    return host(side);
                }
                case "net" -> {
                    next++;
                    return net(side);
                }
                case "port" -> {
                    next++;
                    return port(side);
                }
                default -> {
                    // as tcpdump has it: src 10.0.0.1 is src host 10.0.0.1
                }
            }
        }
        return host(side);
    }

    private Predicate<Flow> host(Side side) throws FilterException {
        Token word = take("an address, such as 10.0.0.1 or 2001:db8::1");
        if (word.text().contains("/")) {
            throw wrong(word, "host takes an address; for a prefix write net " + word.text());
        }
        return within(side, word);
    }

    private Predicate<Flow> net(Side side) throws FilterException {
        return within(side, take("a prefix, such as 10.0.0.0/8"));
    }

    private Predicate<Flow> within(Side side, Token word) throws FilterException {
        AddressPrefix prefix = prefix(value(word, Values.PREFIX));
        return on(side, address -> prefix.contains(address.ipVersion(), address.high(), address.low()));
    }

    private static AddressPrefix prefix(IpPrefix prefix) {
        byte[] bytes = prefix.network().getAddress();
        ByteBuffer address = ByteBuffer.wrap(bytes);
        return bytes.length == Integer.BYTES
                ? new AddressPrefix(4, 0, Integer.toUnsignedLong(address.getInt()), prefix.length())
                : new AddressPrefix(6, address.getLong(), address.getLong(), prefix.length());
    }

    private Predicate<Flow> port(Side side) throws FilterException {
        PortRange ports = value(take("a port, such as 53 or 5000-5999"), QosValues.PORTS);
        return on(side, address -> address.port() >= ports.low() && address.port() <= ports.high());
    }

    private static Predicate<Flow> on(Side side, Predicate<Address> condition) {
        return switch (side) {
            case CLIENT -> flow -> condition.test(flow.client());
            case LISTENER -> flow -> condition.test(flow.listener());
            case EITHER -> flow -> condition.test(flow.client()) || condition.test(flow.listener());
        };
    }

    private Predicate<Flow> protocol() throws FilterException {
        Token word = take("a protocol's number");
        String name = word.text().toLowerCase(Locale.ROOT);
        int number = name.equals("tcp") ? TCP : name.equals("udp") ? UDP : (int) whole(word, HIGHEST_PROTOCOL);
        return flow -> flow.protocol() == number;
    }

    private Predicate<Flow> trafficClass() throws FilterException {
        Token word = take("a class, P0 to P3");
        if (!word.text().matches("[Pp][0-3]")) {
            throw wrong(word, word.text() + " is no class; there are P0, P1, P2 and P3");
        }
        int wanted = word.text().charAt(1) - '0';
        return flow -> flow.trafficClass() == wanted;
    }

    private interface Name {
        @Nullable
        String of(Flow flow);
    }

    private Predicate<Flow> named(Name name) throws FilterException {
        String wanted = unquoted(take("a name").text());
        return flow -> wanted.equals(name.of(flow));
    }

    private Predicate<Flow> compare(Token field, String name, ToLongFunction<Flow> number) throws FilterException {
        String operators = "one of > >= < <= = != after " + field.text();
        Token operator = take(operators);
        if (!operator.text().matches("[<>]=?|==?|!=")) {
            throw wrong(operator, "expected " + operators);
        }
        Token word = take("a number after " + operator.text());
        long bound = switch (name) {
            case "bytes", "bytes-to-backend", "bytes-to-client" ->
                word.text().matches("[0-9]{1,18}") ? Long.parseLong(word.text()) : value(word, SIZE);
            case "duration" -> value(word, TIME).toNanos();
            case "dscp" -> value(word, QosValues.DSCP);
            default -> whole(word, Long.MAX_VALUE);
        };
        LongPredicate condition = switch (operator.text()) {
            case ">" -> value -> value > bound;
            case ">=" -> value -> value >= bound;
            case "<" -> value -> value < bound;
            case "<=" -> value -> value <= bound;
            case "!=" -> value -> value != bound;
            default -> value -> value == bound;
        };
        return flow -> condition.test(number.applyAsLong(flow));
    }

    private long whole(Token word, long most) throws FilterException {
        if (word.text().matches("[0-9]{1,18}")) {
            long number = Long.parseLong(word.text());
            if (number <= most) {
                return number;
            }
        }
        throw wrong(word, word.text() + " is no whole number" + (most == Long.MAX_VALUE ? "" : " up to " + most));
    }

    private <T> T value(Token word, ValueType<T> type) throws FilterException {
        try {
            return type.read(word.text());
        } catch (BadValueException e) {
            throw wrong(word, word.text() + " " + e.problem() + (e.meant() == null ? "" : ", perhaps " + e.meant()));
        }
    }

    private static String unquoted(String word) {
        return word.startsWith("\"") ? word.substring(1, word.length() - 1) : word;
    }

    private @Nullable Token peek() {
        return next < words.size() ? words.get(next) : null;
    }

    private int positionOfNext() {
        Token word = peek();
        return word == null ? text.length() : word.position();
    }

    private Token take(String expected) throws FilterException {
        Token word = peek();
        boolean isMissing = word == null || word.text().matches("[()!]|and|or|&&|\\|\\|");
        if (word == null || isMissing) {
            throw new FilterException(
                    text,
                    positionOfNext(),
                    "expected " + expected + (word == null ? "" : " instead of " + word.text()));
        }
        next++;
        return word;
    }

    private boolean accept(String word, String sign) {
        Token token = peek();
        if (token != null
                && (token.text().equalsIgnoreCase(word) || token.text().equals(sign))) {
            next++;
            return true;
        }
        return false;
    }

    private FilterException wrong(Token at, String problem) {
        return new FilterException(text, at.position(), problem);
    }
}

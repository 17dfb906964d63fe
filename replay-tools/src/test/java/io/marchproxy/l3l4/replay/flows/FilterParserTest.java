package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterParserTest {
    private static final int TEXTS = 3_000;
    private static final int FLOWS = 20;

    private static final Flow FLOW = new Flow(
            1,
            0,
            5_000_000,
            7_500_000,
            2_500_000_000L,
            6,
            new Address(4, 0, 0x0a01_0203L, 40_000),
            new Address(4, 0, 0x7f00_0001L, 443),
            "web",
            1,
            34,
            2,
            "aws-1",
            "aws",
            "us-east-1",
            10,
            1_000_000,
            20,
            2_000,
            3,
            "closed");

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            '' | true
            tcp | true
            udp | false
            ip and not ip6 | true
            proto 6 | true
            proto udp | false
            host 10.1.2.3 | true
            host 10.1.2.4 | false
            src 10.1.2.3 | true
            dst host 10.1.2.3 | false
            net 10.0.0.0/8 | true
            dst net 10.0.0.0/8 | false
            port 443 | true
            src port 443 | false
            listener port 400-500 | true
            port 40000 and port 443 | true
            service web | true
            service "web" && backend aws-1 | true
            class P1 | true
            class p2 | false
            provider aws and region us-east-1 | true
            end closed | true
            bytes > 1MB | true
            bytes>1.002MB | false
            bytes >= 1002000 | true
            bytes-to-client <= 2KB | true
            packets = 30 | true
            packets-to-backend != 10 | false
            drops > 2 | true
            duration < 2s | false
            duration == 2500ms | true
            dscp = AF41 | true
            dscp = 34 and rule = 2 and shard = 1 | true
            udp or tcp and port 1 | false
            (udp or tcp) and port 443 | true
            not udp and tcp | true
            not (udp or tcp) | false
            '! udp || udp' | true
            NOT UDP AND TCP | true
            """)
    void shouldUnderstand(String text, boolean fits) throws FilterException {
        assertEquals(fits, FilterParser.parse(text == null ? "" : text).test(FLOW));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            tcp and port web     | 14 | web is neither a port nor a range of ports
            tcp and              | 8  | expected a condition
            (tcp                 | 1  | a ( without its )
            tcp)                 | 4  | no ( for this )
            tcp udp              | 5  | and or or is missing before udp
            host 10.0.0.0/8      | 6  | for a prefix write net 10.0.0.0/8
            net 10.0.0.1/8       | 5  | 10.0.0.1/8
            bytes 5              | 7  | expected one of > >= < <= = != after bytes
            bytes >              | 8  | expected a number after >
            bytes > 5mb          | 9  | perhaps 5MB
            duration > 5         | 12 | has no unit
            class P4             | 7  | P4 is no class
            prot 6               | 1  | unknown word prot
            service              | 8  | expected a name
            service and tcp      | 9  | expected a name instead of and
            service "web         | 9  | a " without its end
            tcp = udp            | 5  | and or or is missing before =
            port 70000           | 6  | 70000
            proto 300            | 7  | 300 is no whole number up to 255
            tcp & udp            | 5  | unexpected &
            """)
    void shouldSayWhereAndWhatIsWrong(String text, int character, String problem) {
        FilterException wrong = assertThrows(FilterException.class, () -> FilterParser.parse(text));

        assertEquals(character, wrong.position() + 1, wrong.getMessage());
        assertTrue(String.valueOf(wrong.getMessage()).contains(problem), wrong.getMessage());
        List<String> lines = String.valueOf(wrong.getMessage()).lines().toList();
        assertEquals("  " + text, lines.get(lines.size() - 2));
        assertEquals(" ".repeat(character + 1) + "^", lines.getLast());
    }

    /** A text with what it should mean, grown at random. */
    private record Grown(String text, Predicate<Flow> meaning) {}

    @Test
    void shouldMeanWhatWasGrown() {
        for (int seed = 0; seed < TEXTS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Grown grown = grow(random, 4);
            RandomFlows flows = new RandomFlows(seed);
            try {
                Predicate<Flow> parsed = FilterParser.parse(grown.text());
                for (int i = 0; i < FLOWS; i++) {
                    Flow flow = flows.next();
                    assertEquals(
                            grown.meaning().test(flow),
                            parsed.test(flow),
                            "seed " + seed + ": " + grown.text() + ": " + flow);
                }
            } catch (FilterException e) {
                fail("seed " + seed, e);
            }
        }
    }

    @Test
    void shouldRefuseAnythingElseWithAPlace() {
        String letters = " ()!&|<>=\"/.:0159abPtcpudnost-ΩMK";
        for (int seed = 0; seed < TEXTS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StringBuilder text = new StringBuilder(grow(random, 3).text());
            for (int i = 0; i <= random.nextInt(4); i++) {
                int at = random.nextInt(text.length());
                text.setCharAt(at, letters.charAt(random.nextInt(letters.length())));
            }
            try {
                var _ = FilterParser.parse(text.toString()).test(FLOW);
            } catch (FilterException e) {
                assertTrue(e.position() >= 0 && e.position() <= text.length(), "seed " + seed + ": " + e.getMessage());
            }
        }
    }

    @Test
    void shouldNotGoDeeperThanTheStackAllows() {
        FilterException wrong = assertThrows(
                FilterException.class, () -> FilterParser.parse("(".repeat(100_000) + "tcp" + ")".repeat(100_000)));
        assertTrue(String.valueOf(wrong.getMessage()).contains("nested deeper than 200"));
        assertThrows(FilterException.class, () -> FilterParser.parse("not ".repeat(100_000) + "tcp"));
    }

    private static Grown grow(SplittableRandom random, int depth) {
        if (depth == 0 || random.nextInt(4) == 0) {
            return leaf(random);
        }
        Grown left = grow(random, depth - 1);
        Grown right = grow(random, depth - 1);
        return switch (random.nextInt(3)) {
            case 0 ->
                new Grown(
                        bracketed(left, random) + pick(random, " and ", " && ", "&&") + bracketed(right, random),
                        left.meaning().and(right.meaning()));
            case 1 ->
                new Grown(
                        bracketed(left, random) + pick(random, " or ", " || ", "||") + bracketed(right, random),
                        left.meaning().or(right.meaning()));
            default ->
                new Grown(
                        pick(random, "not ", "! ", "!") + bracketed(left, random),
                        left.meaning().negate());
        };
    }

    private static String bracketed(Grown inner, SplittableRandom random) {
        return random.nextBoolean() ? "(" + inner.text() + ")" : "( " + inner.text() + " )";
    }

    private static Grown leaf(SplittableRandom random) {
        long number = random.nextInt(4);
        return switch (random.nextInt(12)) {
            case 0 -> new Grown("tcp", flow -> flow.protocol() == 6);
            case 1 -> new Grown("ip6", flow -> flow.client().ipVersion() == 6);
            case 2 -> new Grown("class P" + number, flow -> flow.trafficClass() == number);
            case 3 -> {
                String name = RandomFlows.SERVICES.get((int) number);
                yield new Grown(
                        "service \"" + name + "\"", flow -> flow.service().equals(name));
            }
            case 4 -> {
                String name = RandomFlows.ENDS.get((int) number);
                yield new Grown("end " + name, flow -> flow.endReason().equals(name));
            }
            case 5 ->
                new Grown(
                        "src host 10.0.1." + number,
                        flow -> flow.client().ipVersion() == 4 && flow.client().low() == (0x0a00_0100L | number));
            case 6 ->
                new Grown(
                        "net 10.0." + number + ".0/24",
                        flow -> flow.client().ipVersion() == 4
                                && (flow.client().low() >> 8 == (0x0a_0000L | number)
                                        || flow.listener().low() >> 8 == (0x0a_0000L | number)));
            case 7 ->
                new Grown(
                        "host 2001:db8::" + number,
                        flow -> flow.client().ipVersion() == 6
                                && ((flow.client().high() == 0x2001_0db8_0000_0000L
                                                && flow.client().low() == number)
                                        || (flow.listener().high() == 0x2001_0db8_0000_0000L
                                                && flow.listener().low() == number)));
            case 8 ->
                new Grown(
                        "dst port " + number * 1_000 + "-" + (number + 1) * 1_000,
                        flow -> flow.listener().port() >= number * 1_000
                                && flow.listener().port() <= (number + 1) * 1_000);
            case 9 -> new Grown("bytes>" + number + "MB", flow -> flow.bytes() > number * 1_000_000);
            case 10 -> new Grown("drops <= " + number, flow -> flow.droppedPackets() <= number);
            default -> new Grown("duration >= " + number + "s", flow -> flow.durationNs() >= number * 1_000_000_000L);
        };
    }

    private static String pick(SplittableRandom random, String... texts) {
        return texts[random.nextInt(texts.length)];
    }
}

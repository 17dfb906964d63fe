package io.marchproxy.l3l4.config.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
    private static final ValueType<Long> RATE = Values.rate(1, Long.MAX_VALUE);

    private static final ValueType<Duration> DURATION = Values.duration(Duration.ZERO, Duration.ofDays(365));
    private static final ValueType<Long> SIZE = Values.size(0, Long.MAX_VALUE);

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0s, 0",
        "1ns, 1",
        "3us, 3000",
        "500ms, 500000000",
        "1.5s, 1500000000",
        "60s, 60000000000",
        "1 m, 60000000000",
        "2h, 7200000000000",
        "365d, 31536000000000000"
    })
    void shouldReadDurations(String text, long nanoseconds) throws BadValueException {
        assertEquals(nanoseconds, DURATION.read(text).toNanos());
    }

    @ParameterizedTest
    @CsvSource({"0s, 0s", "1000ms, 1s", "1500ms, 1500ms", "90s, 90s", "3600s, 1h", "24h, 1d", "1001us, 1001us"})
    void shouldWriteDurationsWithTheLargestWholeUnit(String text, String written) throws BadValueException {
        assertEquals(written, DURATION.write(DURATION.read(text)));
    }

    @ParameterizedTest
    @CsvSource({
        "60, has no unit, 60s", "5sec, has a unit that is none of, 5s", "5S, has a unit that is none of, 5s",
        "5 minutes, has a unit that is none of, 5m", "1.5ns, is no whole number of ns,",
                "5x, has a unit that is none of,",
        "soon, is not a duration,", "-5s, is not a duration,", "366d, must be from 0s to 365d,",
        "9999999999999999999d, is no whole number of ns,", "1m30s, is not a duration,"
    })
    void shouldSayWhatIsWrongWithADuration(String text, String problem, String meant) {
        BadValueException e = assertThrows(BadValueException.class, () -> DURATION.read(text));

        assertEquals(problem, e.problem().substring(0, problem.length()));
        assertEquals(meant, e.meant());
    }

    @ParameterizedTest
    @CsvSource({
        "0B, 0",
        "1B, 1",
        "64KB, 64000",
        "64KiB, 65536",
        "10MB, 10000000",
        "1MiB, 1048576",
        "10GB, 10000000000",
        "2GiB, 2147483648"
    })
    void shouldReadSizes(String text, long bytes) throws BadValueException {
        assertEquals(bytes, SIZE.read(text));
        assertEquals(text, SIZE.write(bytes));
    }

    @ParameterizedTest
    @CsvSource({"1bit, 1", "8kbit, 8000", "100Mbit, 100000000", "400Gbit, 400000000000", "2.5Gbit, 2500000000"})
    void shouldReadRatesInPowersOfTen(String text, long bitsPerSecond) throws BadValueException {
        assertEquals(bitsPerSecond, RATE.read(text));
        assertEquals(bitsPerSecond, RATE.read(RATE.write(bitsPerSecond)));
    }

    @ParameterizedTest
    @CsvSource({"100mbit, 100Mbit", "100Mbps, 100Mbit", "1gbit, 1Gbit", "100, 100Mbit", "5furlong,"})
    void shouldSayWhichRateWasMeant(String text, String meant) {
        assertEquals(
                meant,
                assertThrows(BadValueException.class, () -> RATE.read(text)).meant());
    }

    /** RFC 2474, 2597, 3246, 4594. */
    @ParameterizedTest
    @CsvSource({
        "EF, 46",
        "AF41, 34",
        "AF31, 26",
        "AF21, 18",
        "AF11, 10",
        "AF43, 38",
        "CS1, 8",
        "CS7, 56",
        "BE, 0",
        "VA, 44",
        "LE, 1",
        "63, 63"
    })
    void shouldReadCodePoints(String text, int codePoint) throws BadValueException {
        assertEquals(codePoint, QosValues.DSCP.read(text));
        assertEquals(text, QosValues.DSCP.write(codePoint));
    }

    @ParameterizedTest
    @ValueSource(strings = {"64", "-1", "AF44", "ef ", ""})
    void shouldRefuseWhatIsNoCodePoint(String text) {
        assertThrows(BadValueException.class, () -> QosValues.DSCP.read(text));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.0.0.0/8",
        "0.0.0.0/0, 0.0.0.0/0",
        "10.1.2.3, 10.1.2.3/32",
        "2001:db8::/32, 2001:db8::/32",
        "::1, ::1/128"
    })
    void shouldReadPrefixes(String text, String shown) throws BadValueException {
        assertEquals(shown, Values.PREFIX.read(text).toString());
        assertEquals(Values.PREFIX.read(text), Values.PREFIX.read(shown));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0.0/",
                "10.0.0/8",
                "10.0.0.0.0/8",
                "01.2.3.4",
                "::/129",
                "::g/8",
                "host/8",
                "/8",
                "10.0.0.0/-1"
            })
    void shouldRefuseWhatIsNoPrefix(String text) {
        assertThrows(BadValueException.class, () -> Values.PREFIX.read(text));
    }

    @ParameterizedTest
    @CsvSource({"53, 53", "1000-2000, 1000-2000", "7 - 9, 7-9", "5-5, 5"})
    void shouldReadPorts(String text, String shown) throws BadValueException {
        assertEquals(shown, QosValues.PORTS.write(QosValues.PORTS.read(text)));
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://*:80, tcp://[::]:80",
        "udp://[::1]:5353, udp://[::1]:5353",
        "tcp://LOCALHOST:80,",
        "tcp://localhost:80, tcp://localhost:80"
    })
    void shouldReadListenAddresses(String text, String shown) throws BadValueException {
        if (shown == null) {
            assertThrows(BadValueException.class, () -> Values.LISTEN.read(text));
        } else {
            assertEquals(shown, Values.LISTEN.read(text).toString());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "h:1, h:1",
        "[2001:DB8::1]:80, [2001:db8::1]:80",
        "my-host.example.org:443, my-host.example.org:443",
        "a_b:1, a_b:1"
    })
    void shouldReadAddressesOfBackends(String text, String shown) throws BadValueException {
        assertEquals(shown, Values.HOST_PORT.read(text).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "max_connections, max-connections",
        "maxConections, max-connections",
        "conect, connect",
        "nmae, name",
        "zzz,"
    })
    void shouldFindTheWordThatWasMeant(String written, String meant) {
        assertEquals(meant, Nearest.of(written, List.of("connect", "name", "max-connections")));
    }

    @Test
    void shouldMeasureTheDistanceOfWords() {
        assertEquals(0, Nearest.distance("abc", "abc"));
        assertEquals(1, Nearest.distance("abc", "acb"), "a swap of neighbours");
        assertEquals(3, Nearest.distance("", "abc"));
        assertEquals(3, Nearest.distance("kitten", "sitting"));
        assertNull(Nearest.of("x".repeat(1000), List.of("x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"web", "a.b_c-d", "[::1]:80", "0"})
    void shouldTakeNames(String name) throws BadValueException {
        assertEquals(name, Values.NAME.read(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", "a b", "a/b", "é", "a\nb"})
    void shouldRefuseNamesThatCannotBeLabels(String name) {
        assertThrows(BadValueException.class, () -> Values.NAME.read(name));
    }

    @Test
    void shouldRefuseTextsThatWouldBreakALine() {
        assertThrows(BadValueException.class, () -> Values.TEXT.read("a\nb"));
        assertThrows(BadValueException.class, () -> Values.PATH.read("a\0b"));
    }

    @ParameterizedTest
    @CsvSource({"off, 0", "auto, -1", "50us, 50000", "1us, 1000", "10ms, 10000000"})
    void shouldReadABudgetOfSpinning(String text, long nanos) throws Exception {
        assertEquals(nanos, Values.SPIN.read(text).toNanos());
        assertEquals(text, Values.SPIN.write(Values.SPIN.read(text)));
    }
}

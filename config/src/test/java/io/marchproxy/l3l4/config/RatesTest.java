package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.QosSettings.Codel;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rates as they are written, and as the settings have them. */
class RatesTest {
    private static final String SERVICE = """
            services:
              - name: web
                listen: tcp://127.0.0.1:8080
                backends: [ { address: "h:1" } ]
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rate: 500Mbit                              | 500000000  | 500000000 | 250000
            rate: { to-client: 8kbit }                 | 0          | 8000      | 16384
            rate: { to-backend: 2Gbit, to-client: 1Gbit } | 2000000000 | 1000000000 | 1000000
            rate: 400Gbit                              | 400000000000 | 400000000000 | 1048576
            class: P0                                  | 0          | 0         | 0
            """)
    void shouldTakeOneRateForBothDirectionsOrEachItsOwn(String line, long toBackend, long toClient, long burst) {
        assertEquals(new ShapingSettings(toBackend, toClient, burst), shaping("    " + line + "\n"));
    }

    @Test
    void shouldTakeCeilingsForEachClientAndConnection() {
        ShapingSettings shaping =
                shaping("    client-rate: 5Mbit\n    connection-rate: { to-backend: 1Mbit, to-client: 2Mbit }\n");
        assertEquals(new ShapingSettings.Ceilings(5_000_000, 5_000_000), shaping.client());
        assertEquals(new ShapingSettings.Ceilings(1_000_000, 2_000_000), shaping.connection());
        assertEquals(ShapingSettings.Ceilings.NONE, shaping("    rate: 1Mbit\n").client());
    }

    @Test
    void shouldTakeTheBurstThatIsWritten() {
        assertEquals(new ShapingSettings(1_000_000, 1_000_000, 1500), shaping("    rate: 1Mbit\n    burst: 1500B\n"));
        assertEquals(
                new ShapingSettings(1_000_000, 1_000_000, 1L << 28), shaping("    rate: 1Mbit\n    burst: 256MiB\n"));
    }

    @Test
    void shouldTakeTheLinksRateAndTheClassesCeilings() {
        ProxySettings settings =
                settings(SERVICE + "qos: { link-rate: 1Gbit, classes: { P3: { ceiling: 100Mbit } } }\n");

        assertEquals(1_000_000_000, settings.qos().linkBits());
        assertEquals(
                List.of(0L, 0L, 0L, 100_000_000L),
                settings.qos().classes().stream().map(one -> one.ceilingBits()).toList());
    }

    @Test
    void shouldKeepQueuesShortUnlessToldOtherwise() {
        assertEquals(
                new Codel(true, Duration.ofMillis(5), Duration.ofMillis(100)),
                settings(SERVICE).qos().codel());
        assertEquals(
                new Codel(false, Duration.ofMillis(1), Duration.ofMillis(20)),
                settings(SERVICE
                                + "qos: { link-rate: 1Gbit, codel: { enabled: false, target: 1ms, interval: 20ms } }\n")
                        .qos()
                        .codel());
        assertThrows(
                IllegalArgumentException.class, () -> new Codel(true, Duration.ofMillis(5), Duration.ofSeconds(3)));
    }

    @Test
    void shouldTakePreserveInThePlaceOfACodePoint() {
        QosSettings qos = settings(SERVICE
                        + "qos: { classes: { P2: { dscp: preserve } }, rules: [ { class: P0, dscp: preserve } ] }\n")
                .qos();
        assertEquals(
                List.of(46, 34, QosSettings.PRESERVE_DSCP, 0),
                qos.classes().stream().map(QosSettings.ClassSettings::dscp).toList());
        assertEquals(QosSettings.PRESERVE_DSCP, qos.rules().getFirst().setDscp());
    }

    @Test
    void shouldTakeGuaranteesThatFitIntoTheLink() {
        String qos =
                "qos: { link-rate: 1Gbit, classes: { P1: { guarantee: 300Mbit, weight: 7 }, P2: { guarantee: 600Mbit } } }\n";
        ProxySettings settings = settings(SERVICE + "    guarantee: 100Mbit\n    rate: 200Mbit\n" + qos);

        assertEquals(100_000_000, settings.services().getFirst().shaping().guaranteeBits());
        assertEquals(300_000_000, settings.qos().classes().get(1).guaranteeBits());
        assertEquals(7, settings.qos().classes().get(1).weight());
        assertEquals(
                List.of(
                        "proxy.yaml:6: qos.link-rate: is 1Gbit, but guaranteed are 1001Mbit: P1 300Mbit + P2 600Mbit + web 101Mbit"),
                Faulty.formatted(Faulty.load(folder, SERVICE + "    guarantee: 101Mbit\n" + qos)));
        assertEquals(
                List.of("proxy.yaml:5: services[0].guarantee: is more than services[0].rate.to-client, 99Mbit"),
                Faulty.formatted(Faulty.load(
                        folder,
                        SERVICE + "    guarantee: 100Mbit\n    rate: { to-backend: 1Gbit, to-client: 99Mbit }\n"
                                + qos)));
    }

    /** Which of both it was is told by how it is written, not by what it comes to. */
    @Test
    void shouldTellOfBothDirectionsThatAreBelowAGuaranteeThoughTheirRatesAreAlike() {
        String tooMuch = SERVICE + "    guarantee: 100Mbit\n";
        String qos = "qos: { link-rate: 1Gbit }\n";
        assertEquals(
                List.of(
                        "proxy.yaml:5: services[0].guarantee: is more than services[0].rate.to-backend, 99Mbit",
                        "proxy.yaml:5: services[0].guarantee: is more than services[0].rate.to-client, 99Mbit"),
                Faulty.formatted(
                        Faulty.load(folder, tooMuch + "    rate: { to-backend: 99Mbit, to-client: 99Mbit }\n" + qos)));
        assertEquals(
                List.of("proxy.yaml:5: services[0].guarantee: is more than services[0].rate.to-backend, 99Mbit"),
                Faulty.formatted(Faulty.load(folder, tooMuch + "    rate: 99Mbit\n" + qos)));
    }

    @Test
    void shouldShowAServiceBesideTheClassThatItIsCalledAs() {
        assertEquals(
                List.of("proxy.yaml:6: qos.link-rate: is 1Gbit, but guaranteed are 1001Mbit: P1 900Mbit + P1 101Mbit"),
                Faulty.formatted(Faulty.load(
                        folder,
                        SERVICE.replace("web", "P1") + "    guarantee: 101Mbit\n"
                                + "qos: { link-rate: 1Gbit, classes: { P1: { guarantee: 900Mbit } } }\n")));
    }

    @Test
    void shouldRefuseCeilingsThatWouldNeverBeReached() {
        assertEquals(
                List.of(
                        "proxy.yaml:6: services[0].client-rate.to-backend: is more than services[0].rate.to-backend, 1Mbit, and so"
                                + " never reached",
                        "proxy.yaml:7: services[0].connection-rate.to-client: is more than services[0].rate.to-client, 1Mbit, and so"
                                + " never reached"),
                Faulty.formatted(
                        Faulty.load(
                                folder,
                                SERVICE
                                        + "    rate: 1Mbit\n    client-rate: 2Mbit\n    connection-rate: { to-client: 2Mbit }\n")));
        assertEquals(
                List.of(
                        "proxy.yaml:6: services[0].connection-rate.to-backend: is more than services[0].client-rate.to-backend,"
                                + " 1Mbit, and so never reached"),
                Faulty.formatted(
                        Faulty.load(folder, SERVICE + "    client-rate: 1Mbit\n    connection-rate: 2Mbit\n")));
    }

    @Test
    void shouldTellOfBothDirectionsAtOnce() {
        assertEquals(
                List.of(
                        "proxy.yaml:6: services[0].client-rate.to-backend: is more than services[0].rate.to-backend, 1Mbit, and so"
                                + " never reached",
                        "proxy.yaml:6: services[0].client-rate.to-client: is more than services[0].rate.to-client, 1Mbit, and so"
                                + " never reached"),
                Faulty.formatted(Faulty.load(
                        folder,
                        SERVICE + "    rate: 1Mbit\n    client-rate: { to-backend: 2Mbit, to-client: 3Mbit }\n")));
    }

    @Test
    void shouldTellOfBothDirectionsThoughTheirRatesAreAlike() {
        assertEquals(
                List.of(
                        "proxy.yaml:7: services[0].client-rate.to-backend: is more than services[0].rate.to-backend, 1Mbit, and so"
                                + " never reached",
                        "proxy.yaml:8: services[0].client-rate.to-client: is more than services[0].rate.to-client, 1Mbit, and so"
                                + " never reached"),
                Faulty.formatted(
                        Faulty.load(
                                folder,
                                SERVICE
                                        + "    rate: 1Mbit\n    client-rate:\n      to-backend: 2Mbit\n      to-client: 2Mbit\n")));
    }

    @Test
    void shouldTellOfOneRateOnceThoughOnlyOneDirectionIsTooMuch() {
        assertEquals(
                List.of(
                        "proxy.yaml:6: services[0].client-rate.to-client: is more than services[0].rate.to-client, 1Mbit, and so"
                                + " never reached"),
                Faulty.formatted(Faulty.load(
                        folder,
                        SERVICE + "    rate: { to-backend: 3Mbit, to-client: 1Mbit }\n    client-rate: 2Mbit\n")));
    }

    @Test
    void shouldReadItsOwnEffectiveFormBack() {
        ConfigResult result = Faulty.load(
                folder,
                SERVICE
                        + "    rate: { to-client: 8kbit }\n    client-rate: 8kbit\n"
                        + "qos: { link-rate: 10Gbit, rules: [ { class: P1, match: { length: 5-, client-flows: 3 },"
                        + " police: { rate: 1Mbit, exceed: remark AF12 } } ] }\n");
        ConfigResult again = Faulty.load(folder, result.effective());

        assertEquals(List.of(), Faulty.formatted(again));
        assertEquals(result.settings(), again.settings());
    }

    private ShapingSettings shaping(String lines) {
        return settings(SERVICE + lines).services().getFirst().shaping();
    }

    private ProxySettings settings(String yaml) {
        ConfigResult result = Faulty.load(folder, yaml);
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }
}

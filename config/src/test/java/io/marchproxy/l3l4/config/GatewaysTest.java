package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services that take whole IP packets, their gateways, and the prefixes of those. */
class GatewaysTest {
    @TempDir
    Path folder;

    private static String service(String more, String... gateways) {
        StringBuilder yaml =
                new StringBuilder("services:\n  - name: transit\n    listen: ip://*\n" + more + "    backends:\n");
        for (String gateway : gateways) {
            yaml.append("      - { ").append(gateway).append(" }\n");
        }
        return yaml.toString();
    }

    private ConfigResult load(String yaml) {
        return Faulty.load(folder, yaml);
    }

    private ServiceSettings sound(String yaml) {
        return settings(yaml).services().getFirst();
    }

    private ProxySettings settings(String yaml) {
        ConfigResult result = load(yaml);
        return result.settings().orElseThrow(() -> new AssertionError(result.faults()));
    }

    private List<String> faults(String yaml) {
        return load(yaml).faults().stream()
                .map(fault -> fault.format().replace(folder + "/", ""))
                .toList();
    }

    private void file(String... lines) {
        try {
            Files.write(folder.resolve("routes.txt"), List.of(lines));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> rows(GatewayPrefixes prefixes) {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < prefixes.size(); i++) {
            rows.add(prefixes.version(i) + " " + Long.toHexString(prefixes.high(i)) + " "
                    + Long.toHexString(prefixes.low(i)) + "/" + prefixes.length(i) + " " + prefixes.gateway(i));
        }
        return rows;
    }

    @Test
    void shouldReadGatewaysWithTheirPrefixesInOrder() {
        ServiceSettings service = sound(service(
                "",
                "id: b, address: 192.0.2.1, prefixes: [10.1.0.0/16, \"2001:db8::/32\", 0.0.0.0/0]",
                "id: c, address: \"2001:db8::1\", prefixes: 10.1.0.0/16",
                "id: d, address: gateway.example"));

        assertEquals(List.of(ListenAddress.IP_PACKETS), service.listen());
        assertEquals("ip://*", service.listen().getFirst().toString());
        assertEquals(
                List.of("192.0.2.1 0", "2001:db8::1 0", "gateway.example 0"),
                service.backends().stream()
                        .map(one -> one.host() + " " + one.port())
                        .toList());
        assertEquals(
                List.of(
                        "4 0 0/0 0",
                        "4 a01000000000000 0/16 0",
                        "4 a01000000000000 0/16 1",
                        "6 20010db800000000 0/32 0"),
                rows(service.prefixes()));
        assertTrue(service.prefixes().isSameAsBefore(2));
    }

    @Test
    void shouldReadAFileBesideTheConfigurationTogetherWithItsOwn() {
        file(
                "# prefix gateways",
                "",
                "10.2.0.0/16 b c   # two of them",
                "\t2001:db8:1::/48\tc\r",
                "10.0.0.1 c",
                "::/0 b");
        ServiceSettings service = sound(service(
                "    prefix-file: routes.txt\n",
                "id: b, address: 192.0.2.1, prefixes: 10.0.0.0/8",
                "id: c, address: 192.0.2.2"));

        assertEquals(
                List.of(
                        "4 a00000000000000 0/8 0",
                        "4 a00000100000000 0/32 1",
                        "4 a02000000000000 0/16 0",
                        "4 a02000000000000 0/16 1",
                        "6 0 0/0 0",
                        "6 20010db800010000 0/48 1"),
                rows(service.prefixes()));
    }

    @Test
    void shouldTellEveryFaultWithItsLine() {
        file(
                "10.0.0.1/8 east",
                "10.0.0.0/33 east",
                "10.0.0.0/8 eats",
                "10.0.0.0/8",
                "ten east",
                "2001:db8::1/32 east",
                "2001:db8::/129 east",
                "10.3.0.0/16 east",
                "10.4.0.0/16 east",
                "10.4.0.0/16 west east",
                "300.0.0.0/8 east",
                "010.0.0.0/8 east",
                "::ffff:10.5.0.0/112 east",
                "::ffff:10.0.0.0/8 east");

        assertEquals(
                List.of(
                        "proxy.yaml:6: services[0].backends[0].prefixes[1]: \"10.0.1.0/16\" has bits set behind its prefix length; did you mean 10.0.0.0/16?",
                        "proxy.yaml:7: services[0].backends[1].prefixes[1]: 10.7.0.0/16 leads to west already: proxy.yaml:7",
                        "routes.txt:1: \"10.0.0.1/8\" has bits set behind its prefix length; did you mean 10.0.0.0/8?",
                        "routes.txt:2: \"10.0.0.0/33\" has a prefix length outside 0 to 32",
                        "routes.txt:3: \"eats\" is the id of no gateway of the service; did you mean east?",
                        "routes.txt:4: has a prefix and no gateway: PREFIX ID",
                        "routes.txt:5: \"ten\" is no prefix, such as 10.0.0.0/8 or 2001:db8::/32",
                        "routes.txt:6: \"2001:db8::1/32\" has bits set behind its prefix length; did you mean 2001:db8::/32?",
                        "routes.txt:7: \"2001:db8::/129\" has a prefix length outside 0 to 128",
                        "routes.txt:8: 10.3.0.0/16 leads to east already: proxy.yaml:6",
                        "routes.txt:10: 10.4.0.0/16 leads to east already: routes.txt:9",
                        "routes.txt:11: \"300.0.0.0/8\" is no prefix, such as 10.0.0.0/8 or 2001:db8::/32",
                        "routes.txt:12: \"010.0.0.0/8\" is no prefix, such as 10.0.0.0/8 or 2001:db8::/32",
                        "routes.txt:13: \"::ffff:10.5.0.0/112\" is of IPv4 addresses mapped into IPv6, which count as IPv4; did you mean 10.5.0.0/16?",
                        "routes.txt:14: \"::ffff:10.0.0.0/8\" is of IPv4 addresses mapped into IPv6, which count as IPv4"),
                faults(service(
                        "    prefix-file: routes.txt\n",
                        "id: east, address: 192.0.2.1, prefixes: [10.3.0.0/16, 10.0.1.0/16]",
                        "id: west, address: 192.0.2.2, prefixes: [10.7.0.0/16, 10.7.0.0/16]")));
    }

    @Test
    void shouldRefuseWhatOnlyGatewaysHaveWhereNobodyTakesPackets() {
        assertEquals(
                List.of(
                        "proxy.yaml:4: services[0].prefix-file: has no effect: the service does not listen on ip://*; remove the key",
                        "proxy.yaml:6: services[0].backends[0].prefixes: has no effect: the service does not listen on ip://*; remove the key",
                        "proxy.yaml:7: services[0].backends[1].address: needs a port, such as 127.0.0.1:8080"),
                faults("""
                        services:
                          - name: web
                            listen: tcp://127.0.0.1:8080
                            prefix-file: routes.txt
                            backends:
                              - { id: a, address: "192.0.2.1:80", prefixes: 10.0.0.0/8 }
                              - { id: b, address: 192.0.2.1 }
                        """));
    }

    @Test
    void shouldAskForAPortAlsoWhereNobodyKnowsWhatAServiceListensOn() {
        assertEquals(
                List.of(
                        "proxy.yaml:3: services[0].listen: \"tcp://127.0.0.1:99999\" needs a port from 0 to 65535",
                        "proxy.yaml:4: services[0].backends[0].address: needs a port, such as 127.0.0.1:8080"),
                faults("""
                        services:
                          - name: web
                            listen: tcp://127.0.0.1:99999
                            backends: [ { id: a, address: nowhere } ]
                        """));
    }

    @Test
    void shouldRefuseASecondServiceOfPacketsAndOneThatRelaysAsWell() {
        assertEquals(
                List.of(
                        "proxy.yaml:3: services[0].listen[1]: stands alone: a service takes packets whole, or relays",
                        "proxy.yaml:6: services[1].listen: is also what services[0].listen[1] takes (proxy.yaml:3)",
                        "proxy.yaml:9: services[2].listen: \"ip://10.0.0.1\" takes the IP packets that are to no other service, whole; did you mean ip://*?"),
                faults("""
                        services:
                          - name: one
                            listen: [ "tcp://127.0.0.1:8080", "ip://*" ]
                            backends: [ { id: a, address: "192.0.2.1:80" } ]
                          - name: two
                            listen: ip://*
                            backends: [ { id: a, address: 192.0.2.1 } ]
                          - name: three
                            listen: ip://10.0.0.1
                            backends: [ { id: a, address: 192.0.2.1, prefixes: 0.0.0.0/0 } ]
                        """));
    }

    @Test
    void shouldRefuseKeysOfRelaysAndTakeAnIdleTimeout() {
        assertEquals(
                List.of(
                        "proxy.yaml:4: services[0].max-sessions: has no effect: the service has no udp:// listener; remove the key",
                        "proxy.yaml:6: services[0].backlog: has no effect: the service has no tcp:// listener; remove the key"),
                faults(service(
                        "    max-sessions: 7\n    idle-timeout: 5s\n    backlog: 7\n", "id: a, address: 192.0.2.1")));
        assertEquals(
                5,
                sound(service("    idle-timeout: 5s\n", "id: a, address: 192.0.2.1"))
                        .idleTimeout()
                        .toSeconds());
    }

    @Test
    void shouldRefuseAFileThatIsNotThereOrHoldsNothing() {
        String yaml = service("    prefix-file: routes.txt\n", "id: a, address: 192.0.2.1");
        String fault = "proxy.yaml:4: services[0].prefix-file: ";
        assertEquals(List.of(fault + "does not exist"), faults(yaml));
        file("# nothing");
        assertEquals(List.of(fault + "holds no prefix; its lines are PREFIX ID"), faults(yaml));
    }

    @Test
    void shouldRefuseMoreCombinationsOfGatewaysThanThereMayBe() {
        String[] gateways = new String[10];
        for (int i = 0; i < gateways.length; i++) {
            gateways[i] = "id: g" + i + ", address: 192.0.2." + i;
        }
        String yaml = service("    prefix-file: routes.txt\n", gateways);
        file(combinations(GatewayPrefixes.MOST_SETS));
        assertEquals(List.of(), faults(yaml));
        file(combinations(GatewayPrefixes.MOST_SETS + 1));
        assertEquals(
                List.of(
                        "proxy.yaml:2: services[0].backends: share prefixes in more than 256 different combinations; give prefixes to the same groups of gateways"),
                faults(yaml));
    }

    private static String[] combinations(int count) {
        List<String> lines = new ArrayList<>();
        for (int bits = 3; lines.size() < count; bits++) {
            if (Integer.bitCount(bits) > 1) {
                StringBuilder line = new StringBuilder("10." + bits / 256 + "." + bits % 256 + ".0/24");
                for (int i = 0; i < 10; i++) {
                    line.append((bits >> i & 1) == 1 ? " g" + i : "");
                }
                lines.add(line.toString());
            }
        }
        return lines.toArray(String[]::new);
    }

    @Test
    void shouldRefuseMorePrefixesThanThereMayBe() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i <= GatewayPrefixes.MOST; i++) {
            lines.append(i >>> 16)
                    .append('.')
                    .append(i >>> 8 & 255)
                    .append('.')
                    .append(i & 255)
                    .append(".0/24 a\n");
        }
        Files.writeString(folder.resolve("routes.txt"), lines);

        assertEquals(
                List.of("routes.txt:2000001: are more than 2000000 prefixes, each counted for each of its gateways"),
                faults(service("    prefix-file: routes.txt\n", "id: a, address: 192.0.2.1")));
    }

    @Test
    void shouldHaveAnotherHashWhenTheFileSaysSomethingElse() {
        String yaml = service("    prefix-file: routes.txt\n", "id: a, address: 192.0.2.1");
        file("10.0.0.0/8 a");
        String before = settings(yaml).hash();
        assertEquals(before, settings(yaml).hash());
        file("10.0.0.0/9 a");
        assertNotEquals(before, settings(yaml).hash());
    }

    @Test
    void shouldShowWhatReadsBackToTheSame() throws IOException {
        String yaml = service("", "id: a, address: 192.0.2.1, prefixes: [10.0.0.0/8, \"2001:db8::/32\"]");
        ConfigResult first = load(yaml);
        ConfigResult second = load(first.effective());

        assertEquals(
                first.settings().orElseThrow().services(),
                second.settings().orElseThrow().services());
        assertEquals(
                first.settings().orElseThrow().hash(),
                second.settings().orElseThrow().hash());
    }

    @Test
    void shouldWarnOfGatewaysWithoutPrefixesAndThatNoPacketsComeYet() {
        assertEquals(
                List.of(
                        "proxy.yaml:3: services[0].listen: has no effect on a service that runs, which takes no IP packets from networks yet; explain and replay-tools do",
                        "proxy.yaml:6: services[0].backends[1]: has no prefix, and gets nothing"),
                load(service("", "id: a, address: 192.0.2.1, prefixes: 10.0.0.0/8", "id: b, address: 192.0.2.2"))
                        .warnings()
                        .stream()
                        .map(fault -> fault.format().replace(folder + "/", ""))
                        .toList());
    }

    @Test
    void shouldSortRandomRows() throws IOException {
        long seed = 20_261_126;
        Random random = new Random(seed);
        TreeSet<String> expected = new TreeSet<>();
        StringBuilder lines = new StringBuilder();
        while (expected.size() < 5_000) {
            int length = random.nextInt(33);
            long address = length == 0 ? 0 : random.nextLong(1L << 32) >>> (32 - length) << (32 - length);
            int gateway = random.nextInt(2);
            if (expected.add(String.format("%08x/%02d %d", address, length, gateway))) {
                lines.append(String.format(
                        "%d.%d.%d.%d/%d %s%n",
                        address >> 24,
                        address >> 16 & 255,
                        address >> 8 & 255,
                        address & 255,
                        length,
                        "ab".charAt(gateway)));
            }
        }
        Files.writeString(folder.resolve("routes.txt"), lines);
        GatewayPrefixes prefixes = sound(service(
                        "    prefix-file: routes.txt\n", "id: a, address: 192.0.2.1", "id: b, address: 192.0.2.2"))
                .prefixes();

        List<String> sorted = new ArrayList<>();
        for (int i = 0; i < prefixes.size(); i++) {
            sorted.add(String.format("%08x/%02d %d", prefixes.high(i) >>> 32, prefixes.length(i), prefixes.gateway(i)));
        }
        assertEquals(List.copyOf(expected), sorted, "seed " + seed);
    }
}

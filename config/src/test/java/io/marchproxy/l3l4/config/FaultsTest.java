package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each slip is answered with: the very line, and what was meant. */
class FaultsTest {
    /** A service to stand beside what is wrong. */
    private static final String GOOD = """
            services:
              - name: web
                listen: tcp://127.0.0.1:8080
                backends: [ { address: "127.0.0.1:9001" } ]
            """;

    private static final String LATER = " not in this version yet; ";
    private static final String LAYER3 = " (it comes with the layer 3 release)";

    @TempDir
    Path folder;

    @Test
    void shouldTellAllFaultsAtOnceInTheOrderOfTheFile() {
        String yaml = """
                admn: { port: 1 }
                engine:
                  drain_timeout: 30s
                  max-flows: many
                services:
                  - name: web
                    listen: tcp://127.0.0.1:8080
                    algorithm: geo
                    idle-timeout: 60
                """;

        assertEquals(
                List.of(
                        "proxy.yaml:1: admn: unknown key; did you mean admin?",
                        "proxy.yaml:3: engine.drain_timeout: unknown key; did you mean drain-timeout?",
                        "proxy.yaml:4: engine.max-flows: \"many\" is not a whole number",
                        "proxy.yaml:6: services[0].backends: the service has no backend",
                        "proxy.yaml:8: services[0].algorithm: geo needs to know where the proxy runs: multicloud.provider and"
                                + " multicloud.region",
                        "proxy.yaml:9: services[0].idle-timeout: \"60\" has no unit (ns, us, ms, s, m, h, d);"
                                + " did you mean 60s?"),
                Faulty.formatted(Faulty.load(folder, yaml)));
    }

    /** One line beside a service that is right; its fault, whose line follows from the text. */
    static Stream<Arguments> topLevel() {
        return Stream.of(
                of(
                        "log-level: INFO",
                        "log-level: \"INFO\" is none of trace, debug, info, warn, error; did you mean info?"),
                of(
                        "log-level: [ info ]",
                        "log-level: is a list, but one value is wanted: trace | debug | info | warn | error"),
                of("data-dir: \"\"", "data-dir: \"\" is no path"),
                of("admin: 8081", "admin: is a value, but a mapping is wanted; its keys are address, port"),
                of("admin: [ ]", "admin: is a list, but a mapping is wanted; its keys are address, port"),
                of("admin: { port: 70000 }", "admin.port: \"70000\" must be from 0 to 65535"),
                of("admin: { port: -1 }", "admin.port: \"-1\" must be from 0 to 65535"),
                of(
                        "admin: { address: 10.0.0.300 }",
                        "admin.address: \"10.0.0.300\" needs an address of this machine: IPv4, IPv6, * for all, or localhost"),
                of("drain-timeout: 2s", "drain-timeout: unknown key; drain-timeout is a key of engine"),
                of(
                        "manager: { zzz: 1 }",
                        "manager.zzz: unknown key; known here are url, cluster-api-key, poll-interval, heartbeat-interval"),
                of("engine: { shards: 300 }", "engine.shards: \"300\" must be from 0 to 256"),
                of(
                        "engine: { shards: atuo }",
                        "engine.shards: \"atuo\" is neither auto nor a whole number; did you mean auto?"),
                of("engine: { ring-size: 5000 }", "engine.ring-size: \"5000\" is no power of two; did you mean 8192?"),
                of(
                        "engine: { pin-threads: yes }",
                        "engine.pin-threads: \"yes\" is neither true nor false; did you mean true?"),
                of(
                        "engine: { transport: uring }",
                        "engine.transport: \"uring\" is none of auto, io_uring, epoll, nio; did you mean io_uring?"),
                of("engine: { drain-timeout: 2d }", "engine.drain-timeout: \"2d\" must be from 0s to 1d"),
                of("engine: { numa: on }", "engine.numa: \"on\" is neither true nor false; did you mean true?"),
                of("engine: { spin: 20ms }", "engine.spin: \"20ms\" must be from 1us to 10ms"),
                of("engine: { spin: 0s }", "engine.spin: \"0s\" must be from 1us to 10ms"),
                of(
                        "engine: { spin: 50 }",
                        "engine.spin: \"50\" has no unit (ns, us, ms, s, m, h, d); did you mean 50s?"),
                of(
                        "engine: { irq-affinity: aply }",
                        "engine.irq-affinity: \"aply\" is none of advise, apply; did you mean apply?"),
                of(
                        "engine: { journal: { mode: sometimes } }",
                        "engine.journal.mode: \"sometimes\" is none of off, flows, packets"),
                of(
                        "engine: { journal: { max-size: 1MB } }",
                        "engine.journal.max-size: \"1MB\" must be from 16MB to 1000000GB"),
                of("engine: { journal: { max-age: 1s } }", "engine.journal.max-age: \"1s\" must be from 1m to 3650d"),
                of(
                        "engine: { journal: { max-size: 10gb } }",
                        "engine.journal.max-size: \"10gb\" has a unit that is none of"
                                + " B, KB, MB, GB, KiB, MiB, GiB; did you mean 10GB?"),
                of(
                        "manager: { url: 'http://m:8000' }",
                        "manager.url: the manager is" + LATER
                                + "remove the key or set it to null (it comes with the manager release)"),
                of("multicloud: { enabled: maybe }", "multicloud.enabled: \"maybe\" is neither true nor false"),
                of(
                        "multicloud: { provider: aws, region: us-east-11 }",
                        "multicloud.region: \"us-east-11\" is no region of aws; did you mean us-east-1?"),
                of(
                        "multicloud: { region: us-east-1 }",
                        "multicloud.region: says half of where the proxy runs: give provider and region, or neither"),
                of(
                        "multicloud: { prices: [ { provider: gcp, region: us-east-1, cost-per-gb: 1 } ] }",
                        "multicloud.prices[0].region: \"us-east-1\" is no region of gcp; did you mean us-east1?"),
                of(
                        "multicloud: { prices: [ { provider: gcp, cost-per-gb: 1 }, { provider: gcp, cost-per-gb: 2 } ] }",
                        "multicloud.prices[1]: has the price of gcp *, which multicloud.prices[0] has as well (proxy.yaml:5)"),
                of(
                        "multicloud: { prices: [ { provider: gcp, cost-per-gb: -1 } ] }",
                        "multicloud.prices[0].cost-per-gb: \"-1\" must be from 0 to 1000000"),
                of(
                        "multicloud: { regions: [ { provider: onprem, region: cellar, latitude: 91, longitude: 8 } ] }",
                        "multicloud.regions[0].latitude: \"91\" must be from -90 to 90"),
                of(
                        "observability: { tracing: { enabled: true } }",
                        "observability.tracing.enabled: trace export is" + LATER
                                + "set it to false or remove the key (it comes with the observability release)"),
                of(
                        "observability: { ipfix: { enabled: true } }",
                        "observability.ipfix.enabled: IPFIX export is" + LATER
                                + "set it to false or remove the key (it comes with the observability release)"),
                of(
                        "observability: { tracing: { sample-ratio: 2 } }",
                        "observability.tracing.sample-ratio: \"2\" must be from 0 to 1"),
                of(
                        "observability: { tracing: { endpoint: 'ftp://me:word@h/' } }",
                        "observability.tracing.endpoint: \"ftp://********@h/\" holds a user name or a password, which would be shown"),
                of("qos: { link-rate: 500Gbit }", "qos.link-rate: \"500Gbit\" must be from 8kbit to 400Gbit"),
                of(
                        "qos: { link-rate: 1000 }",
                        "qos.link-rate: \"1000\" has no unit (bit, kbit, Mbit, Gbit); did you mean 1000Mbit?"),
                of(
                        "qos: { link-rate: 1Gbps }",
                        "qos.link-rate: \"1Gbps\" has a unit that is none of bit, kbit, Mbit, Gbit; did you mean 1Gbit?"),
                of(
                        "qos: { classes: { P2: { ceiling: 0.5bit } } }",
                        "qos.classes.P2.ceiling: \"0.5bit\" is no whole number of bit below 2^63"),
                of(
                        "qos: { classes: { P2: { guarantee: 1Gbit } } }",
                        "qos.classes.P2.guarantee: is a part of qos.link-rate, which is not set: say what the link carries"),
                of(
                        "qos: { link-rate: 1Gbit, classes: { P2: { guarantee: 300Mbit, ceiling: 200Mbit } } }",
                        "qos.classes.P2.guarantee: is more than qos.classes.P2.ceiling, 200Mbit"),
                of(
                        "qos: { link-rate: 1Gbit, classes: { P0: { guarantee: 400Mbit }, P3: { guarantee: 601Mbit } } }",
                        "qos.link-rate: is 1Gbit, but guaranteed are 1001Mbit: P0 400Mbit + P3 601Mbit"),
                of(
                        "qos: { classes: { P0: { weight: 2 } } }",
                        "qos.classes.P0.weight: unknown key; " + "weight is a key of qos.classes.P1"),
                of("qos: { classes: { P1: { weight: 0 } } }", "qos.classes.P1.weight: \"0\" must be from 1 to 1000"),
                of("qos: { classes: { P4: { dscp: EF } } }", "qos.classes.P4: unknown key; did you mean P0?"),
                of(
                        "qos: { classes: { P0: { dscp: AF4 } } }",
                        "qos.classes.P0.dscp: \"AF4\" is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63,"
                                + " or preserve; did you mean AF41?"),
                of(
                        "qos: { rules: [ { class: P0, dscp: preserved } ] }",
                        "qos.rules[0].dscp: \"preserved\" is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to"
                                + " 63, or preserve; did you mean preserve?"),
                of(
                        "qos: { rules: [ { match: { dscp: preserve }, class: P0 } ] }",
                        "qos.rules[0].match.dscp: \"preserve\" is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or"
                                + " 0 to 63"),
                of(
                        "qos: { link-rate: 1Mbit, codel: { target: 200ms } }",
                        "qos.codel.target: is longer than codel.interval (100ms); about a twentieth of it is usual"),
                of(
                        "qos: { link-rate: 1Mbit, codel: { interval: 4ms } }",
                        "qos.codel.target: is longer than codel.interval (4ms); about a twentieth of it is usual"),
                of(
                        "qos: { link-rate: 1Mbit, codel: { interval: 3s } }",
                        "qos.codel.interval: \"3s\" must be from 1ms to 2s"),
                of("qos: { classes: { P0: { queue: 0 } } }", "qos.classes.P0.queue: \"0\" must be from 1 to 1000000"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit } } ] }",
                        "qos.rules[0].police.exceed: would drop bytes out of TCP streams, and nothing else matches: say pass or"
                                + " remark, and hold TCP to a rate with services[].rate, client-rate or connection-rate"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit, exceed: remark FOO } } ] }",
                        "qos.rules[0].police.exceed: \"remark FOO\" is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or"
                                + " 0 to 63"),
                of(
                        "qos: { rules: [ { class: P1, police: { burst: 1MB, exceed: pass } } ] }",
                        "qos.rules[0].police.rate: is missing: Rate that matching packets conform to, in each direction."),
                of(
                        "qos: { rules: [ { class: P1, match: { protocol: udp }, police: { rate: 1Mbit, exceed: remark } } ] }",
                        "qos.rules[0].police.exceed: \"remark\" says no code point; did you mean remark AF12?"),
                of(
                        "qos: { rules: [ { class: P1, match: { protocol: udp }, police: { rate: 1Mbit, exceed: remark AF14 } } ] }",
                        "qos.rules[0].police.exceed: \"remark AF14\" is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0"
                                + " to 63; did you mean AF11?"),
                of(
                        "qos: { rules: [ { class: P1, match: { protocol: udp }, police: { rate: 1Mbit, exceed: dorp } } ] }",
                        "qos.rules[0].police.exceed: \"dorp\" is none of pass, drop, remark CODEPOINT; did you mean drop?"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 2Mbit, peak-rate: 1Mbit, exceed: pass, violate: pass } } ] }",
                        "qos.rules[0].police.peak-rate: is less than qos.rules[0].police.rate, 2Mbit"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit, peak-burst: 1MB, exceed: pass } } ] }",
                        "qos.rules[0].police.peak-burst: has no effect: there is no peak-rate"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit, peak-rate: 2Mbit, excess-burst: 1MB, exceed: pass,"
                                + " violate: pass } } ] }",
                        "qos.rules[0].police.excess-burst: has no effect beside peak-rate: that says what exceeds; remove one of them"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit, exceed: pass, violate: pass } } ] }",
                        "qos.rules[0].police.violate: has no effect: without excess-burst and peak-rate nothing violates; say it of"
                                + " exceed"),
                of(
                        "qos: { rules: [ { class: P1, match: { protocol: udp }, police: { rate: 1Mbit, peak-rate: 2Mbit, violate: pass"
                                + " } } ] }",
                        "qos.rules[0].police.violate: lets go on what exceed drops, which is the lesser offence"),
                of(
                        "qos: { rules: [ { class: P1, police: { rate: 1Mbit, burst: 1KB, exceed: pass } } ] }",
                        "qos.rules[0].police.burst: \"1KB\" must be from 1500B to 256MiB"),
                of(
                        "qos: { rules: [ { class: P1, match: { length: 9-3 } } ] }",
                        "qos.rules[0].match.length: \"9-3\" is a range that ends before it begins; did you mean 3-9?"),
                of(
                        "qos: { rules: [ { class: P1, match: { client-flows: many } } ] }",
                        "qos.rules[0].match.client-flows: \"many\" is neither a number nor a range of numbers, such as 0-512 or 513-"),
                of(
                        "qos: { rules: [ { class: P1, match: { protocol: tcp, length: 9- } } ] }",
                        "qos.rules[0].match.length: is of datagrams, and match.protocol is tcp: no packet would match"),
                of(
                        "qos: { rules: [ { class: P1, match: { protocl: tcp } } ] }",
                        "qos.rules[0].match.protocl: unknown key; did you mean protocol?"),
                of(
                        "qos: { rules: [ { class: P4 } ] }",
                        "qos.rules[0].class: \"P4\" is none of P0, P1, P2, P3; did you mean P0?"),
                of("qos: { rules: [ { } ] }", "qos.rules[0].class: is missing: Class that matching packets get."),
                of(
                        "qos: { rules: { class: P1 } }",
                        "qos.rules: is a mapping, but a list is wanted: each element begins with a dash"),
                of(
                        "qos: { rules: [ { class: P1, match: { source: 10.1.0.0/8 } } ] }",
                        "qos.rules[0].match.source: \"10.1.0.0/8\" has bits set behind its prefix length; did you mean 10.0.0.0/8?"),
                of(
                        "qos: { rules: [ { class: P1, match: { destination-port: 90-80 } } ] }",
                        "qos.rules[0].match.destination-port: \"90-80\" is a range that ends before it begins; did you mean 80-90?"),
                of(
                        "qos: { rules: [ { class: P1, match: { service: wbe } } ] }",
                        "qos.rules[0].match.service: \"wbe\" is the name of no service; did you mean web?"),
                of(
                        "qos: { rules: [ { class: P1, match: { source: 10.0.0.0/8, destination: \"2001:db8::/32\" } } ] }",
                        "qos.rules[0].match.destination: is of another address family than source: no packet would match"),
                of("l3: { }", "l3: layer 3 is" + LATER + "remove the key" + LAYER3),
                of("Interfaces: [ eth0 ]", "Interfaces: layer 3 is" + LATER + "remove the key" + LAYER3),
                of("routes: [ ]", "routes: layer 3 is" + LATER + "remove the key" + LAYER3),
                of("engine: { ip_forward: true }", "engine.ip_forward: layer 3 is" + LATER + "remove the key" + LAYER3),
                of("<<: 1", "<<: unknown key; merge keys are not part of YAML 1.2; write the keys out"),
                of("[ a ]: 1", "a key must be a plain word"),
                of("admin: !secret { }", "admin: the tag !secret has no meaning here"),
                of(
                        "log-level: ${NOPE}",
                        "log-level: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-VALUE}"),
                of("log-level: ${NO PE}", "log-level: ${NO PE} names no environment variable"),
                of(
                        "log-level: \"${NOPE\"",
                        "log-level: the reference ${ has no closing brace; write $${ for the characters themselves"),
                of("log-level: ${LEVEL}", "log-level: \"${LEVEL}\" is none of trace, debug, info, warn, error"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void topLevel(String line, List<String> faults) {
        ConfigResult result = Faulty.load(folder, GOOD + line + "\n", Map.of("LEVEL", "hunter2"), Overrides.none());

        assertEquals(faults.stream().map(fault -> "proxy.yaml:5: " + fault).toList(), Faulty.formatted(result));
        assertTrue(result.settings().isEmpty());
    }

    /** One line within a service that is right otherwise. */
    static Stream<Arguments> service() {
        return Stream.of(
                of("nmae: x", "services[0].nmae: unknown key; did you mean name?"),
                of("maxConnections: 5", "services[0].maxConnections: unknown key; did you mean max-connections?"),
                of("class: P9", "services[0].class: \"P9\" is none of P0, P1, P2, P3; did you mean P0?"),
                of("class: { }", "services[0].class: is a mapping, but one value is wanted: P0 | P1 | P2 | P3"),
                of("rate: fast", "services[0].rate: \"fast\" is not a rate, such as 100Mbit"),
                of(
                        "rate: [ 1Mbit ]",
                        "services[0].rate: is a list, but a mapping is wanted; its keys are to-backend, to-client"),
                of("rate: { to-clients: 1Mbit }", "services[0].rate.to-clients: unknown key; did you mean to-client?"),
                of("rate: { to-client: 7kbit }", "services[0].rate.to-client: \"7kbit\" must be from 8kbit to 400Gbit"),
                of(
                        "guarantee: 1Mbit",
                        "services[0].guarantee: is a part of qos.link-rate, which is not set: say what the link carries"),
                of(
                        "burst: 64KB",
                        "services[0].burst: has no effect: the service has no rate; give it one or remove the key"),
                of("burst: 1KB", "services[0].burst: \"1KB\" must be from 1500B to 256MiB"),
                of("gateways: [ ]", "services[0].gateways: layer 3 is" + LATER + "remove the key" + LAYER3),
                of(
                        "algorithm: rond-robin",
                        "services[0].algorithm: \"rond-robin\" is none of round-robin, weighted-round-robin,"
                                + " least-connections, latency, cost, weighted, geo, failover, maglev; did you mean"
                                + " round-robin?"),
                of(
                        "routing: { table-size: 65536 }",
                        "services[0].routing.table-size: \"65536\" is no prime; did you mean 65537?"),
                of(
                        "health: { protocol: htp }",
                        "services[0].health.protocol: \"htp\" is none of none, tcp, udp, http, https, icmp;"
                                + " did you mean http?"),
                of(
                        "health: { protocol: udp, port: 53 }",
                        "services[0].health.protocol: needs health.send: something that a sound backend answers"),
                of(
                        "health: { send: \"PING\\r\\n\" }",
                        "services[0].health.send: needs health.expect too: without it nobody looks at the answer"),
                of(
                        "health: { protocol: http, send: x }",
                        "services[0].health.send: has no effect: http probes send a GET request; remove the key"),
                of(
                        "health: { path: /healthz }",
                        "services[0].health.path: has no effect: health.protocol is neither http nor https; remove the"
                                + " key"),
                of(
                        "health: { protocol: http, verify-tls: false }",
                        "services[0].health.verify-tls: has no effect: health.protocol is not https; remove the key"),
                of(
                        "health: { protocol: icmp, port: 7 }",
                        "services[0].health.port: has no effect: icmp probes ask the host's kernel alone; remove the"
                                + " key"),
                of(
                        "health: { protocol: http, path: healthz }",
                        "services[0].health.path: \"healthz\" is no path of a URL: it begins with / and has neither blanks"
                                + " nor other characters than ASCII; did you mean /healthz?"),
                of(
                        "health: { protocol: http, status: 2xx }",
                        "services[0].health.status: \"2xx\" is neither an HTTP status code nor a range of them, such as"
                                + " 200-399; did you mean 200-299?"),
                of(
                        "health: { protocol: http, status: 399-200 }",
                        "services[0].health.status: \"399-200\" is a range that ends before it begins; did you mean"
                                + " 200-399?"),
                of(
                        "health: { expect: 'a\\q' }",
                        "services[0].health.expect: \"a\\q\" has a backslash before none of r, n, t, 0, xHH and \\; a"
                                + " backslash itself is \\\\"),
                of("health: { max-loss: 1.5 }", "services[0].health.max-loss: \"1.5\" must be from 0 to 1"),
                of(
                        "health: { interval: 5 sec }",
                        "services[0].health.interval: \"5 sec\" has a unit that is none of"
                                + " ns, us, ms, s, m, h, d; did you mean 5s?"),
                of(
                        "session-timeout: 5s",
                        "services[0].session-timeout: has no effect: the service has no udp:// listener; remove the key"),
                of(
                        "connect: { timeout: 5s }",
                        "services[0].connect.timeout: one try may take longer than all tries together (connect.total is 3s);"
                                + " raise total or lower timeout"),
                of(
                        "connect: { total: 500ms }",
                        "services[0].connect.timeout: one try may take longer than all tries together (connect.total is 500ms);"
                                + " raise total or lower timeout"),
                of(
                        "accept-rate-per-client: { rate: 100 }",
                        "services[0].accept-rate-per-client.rate: \"100\" has no unit (/s); did you mean 100/s?"),
                of(
                        "accept-rate-per-client: { burst: 100 }",
                        "services[0].accept-rate-per-client.rate: is missing: Sustained, such as 100/s."),
                of(
                        "proxy-protocol: { send: v3 }",
                        "services[0].proxy-protocol.send: \"v3\" is none of none, v1, v2; did you mean v1?"),
                of("buffer: 1KiB", "services[0].buffer: \"1KiB\" must be from 4KiB to 1GiB"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void service(String line, List<String> faults) {
        List<String> found = Faulty.formatted(Faulty.load(folder, GOOD + "    " + line + "\n"));

        assertEquals(faults.stream().map(fault -> "proxy.yaml:5: " + fault).toList(), found);
    }

    /** What a service listens on. */
    static Stream<Arguments> listen() {
        String admin = " overlaps the admin server's tcp://127.0.0.1:8081 (default)";
        return Stream.of(
                of(
                        "8080",
                        "listen: \"8080\" is no listen address, such as tcp://0.0.0.0:8080; did you mean tcp://0.0.0.0:8080?"),
                of(
                        "\":80\"",
                        "listen: \":80\" is no listen address, such as tcp://0.0.0.0:8080; did you mean tcp://*:80?"),
                of(
                        "1.2.3.4:80",
                        "listen: \"1.2.3.4:80\" is no listen address, such as tcp://0.0.0.0:8080; did you mean tcp://1.2.3.4:80?"),
                of(
                        "tpc://*:80",
                        "listen: \"tpc://*:80\" begins with neither tcp:// nor udp://; did you mean tcp://*:80?"),
                of("tcp://*:80/x", "listen: \"tcp://*:80/x\" has a path behind its port; did you mean tcp://*:80?"),
                of("tcp://*:0"),
                of("[ \"tcp://*:0\", \"tcp://*:0\" ]"),
                of("tcp://*:-1", "listen: \"tcp://*:-1\" needs a port from 0 to 65535"),
                of("tcp://*:65536", "listen: \"tcp://*:65536\" needs a port from 0 to 65535"),
                of("tcp://*", "listen: \"tcp://*\" needs a port, such as 127.0.0.1:8080"),
                of(
                        "tcp://::1:80",
                        "listen: \"tcp://::1:80\" needs its IPv6 address in brackets; did you mean [::1]:80?"),
                of("\"tcp://[::1]\"", "listen: \"tcp://[::1]\" needs a port behind the bracket, such as [::1]:8080"),
                of("\"tcp://[::g]:80\"", "listen: \"tcp://[::g]:80\" holds no valid IPv6 address between its brackets"),
                of(
                        "tcp://example.org:80",
                        "listen: \"tcp://example.org:80\" needs an address of this machine: IPv4, IPv6, * for all, or localhost"),
                of(
                        "udp://224.0.0.1:80",
                        "listen: \"udp://224.0.0.1:80\" is a multicast address, which a proxy cannot serve"),
                of(
                        "tun://tun0",
                        "listen: layer 3 is" + LATER
                                + "listen on tcp://, udp:// or ip://* (it comes with the layer 3 release)"),
                of(
                        "[ \"tun://tun0\" ]",
                        "listen[0]: layer 3 is" + LATER
                                + "listen on tcp://, udp:// or ip://* (it comes with the layer 3 release)"),
                of(
                        "[ ]",
                        "listen: is missing: Where it listens: one address or a list. tcp:// and udp:// may share a port; ip://* takes whole IP packets to no other service."),
                of(
                        "",
                        "listen: is missing: Where it listens: one address or a list. tcp:// and udp:// may share a port; ip://* takes whole IP packets to no other service."),
                of("tcp://127.0.0.1:8081", "listen: tcp://127.0.0.1:8081" + admin),
                of("tcp://*:8081", "listen: tcp://[::]:8081" + admin),
                of("tcp://0.0.0.0:8081", "listen: tcp://0.0.0.0:8081" + admin),
                of("tcp://localhost:8081", "listen: tcp://localhost:8081" + admin),
                of(
                        "[ \"tcp://*:80\", \"tcp://*:80\" ]",
                        "listen[1]: tcp://[::]:80 overlaps tcp://[::]:80 (proxy.yaml:3)"),
                of(
                        "[ \"tcp://[::1]:80\", \"tcp://*:80\" ]",
                        "listen[1]: tcp://[::]:80 overlaps tcp://[::1]:80 (proxy.yaml:3)"),
                of("[ \"tcp://[::1]:80\", \"tcp://0.0.0.0:80\" ]"),
                of(
                        "[ \"tcp://[::1]:80\", \"tcp://[0:0::1]:80\" ]",
                        "listen[1]: tcp://[0:0::1]:80 overlaps tcp://[::1]:80 (proxy.yaml:3)"),
                of("[ \"tcp://*:80\", \"udp://*:80\" ]"),
                of("[ \"tcp://127.0.0.1:80\", \"tcp://127.0.0.2:80\", \"udp://127.0.0.1:81\" ]"),
                of("tcp://127.0.0.2:8081"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void listen(String value, List<String> faults) {
        String yaml = """
                services:
                  - name: web
                    listen: %s
                    backends: [ { address: "10.0.0.1:9001" } ]
                """.formatted(value);
        List<String> wanted = faults.stream()
                .map(fault -> "proxy.yaml:" + (fault.contains("is missing") && !value.equals("[ ]") ? 2 : 3)
                        + ": services[0]." + fault)
                .toList();

        assertEquals(wanted, Faulty.formatted(Faulty.load(folder, yaml)));
    }

    /** The backends of a service on 127.0.0.1:8080. */
    static Stream<Arguments> backends() {
        String missing = "[0].address: is missing: Where it is: HOST:PORT, a name or an address.";
        return Stream.of(
                of("[ ]"),
                of("5", ": is a value, but a list is wanted: each element begins with a dash"),
                of("[ { id: a } ]", missing),
                of(
                        "[ ~ ]",
                        "[0]: is empty, but a mapping is wanted; its keys are id, address, provider, region, cost-per-gb,"
                                + " weight, bandwidth, priority, max-connections, enabled, prefixes"),
                of(
                        "[ { address: \"h:1\", weight: 0 } ]",
                        "[0].weight: is 0, as are those of all other backends of the service that are enabled: nobody would"
                                + " get anything"),
                of(
                        "[ { address: \"h:1\", enabled: false, weight: 5 }, { address: \"h:2\", weight: 0 } ]",
                        "[1].weight: is 0, as are those of all other backends of the service that are enabled: nobody would"
                                + " get anything"),
                of("[ { address: \"h:1\", enabled: false, weight: 0 }, { address: \"h:2\", weight: 5 } ]"),
                of(
                        "[ { address: \"h:1\", enabled: false } ]",
                        "[0].enabled: is false, as it is for all other backends of the service"),
                of("[ { address: \"h:1\", weight: -1 } ]", "[0].weight: \"-1\" must be from 0 to 1000000"),
                of(
                        "[ { address: \"h:1\", provider: aws, region: us-west-7 } ]",
                        "[0].region: \"us-west-7\" is no region of aws; did you mean us-west-1?"),
                of(
                        "[ { address: \"h:1\", provider: azure, region: moon } ]",
                        "[0].region: \"moon\" is no region of azure; multicloud.regions takes those that are new"),
                of("[ { address: \"h:1\", provider: aws } ]"),
                of("[ { address: \"h:1\", weight: 1, priority: 1, provider: on_prem } ]"),
                of(
                        "[ { address: \"h:1\", provider: gpc } ]",
                        "[0].provider: \"gpc\" is none of aws, gcp, azure, onprem; did you mean gcp?"),
                of("[ { address: \"h:1\", cost-per-gb: -1 } ]", "[0].cost-per-gb: \"-1\" must be from 0 to 1000000"),
                of("[ { address: \"h:1\", cost-per-gb: dear } ]", "[0].cost-per-gb: \"dear\" is not a number"),
                of("[ { address: h } ]", "[0].address: needs a port, such as 127.0.0.1:8080"),
                of("[ { address: \":80\" } ]", "[0].address: \":80\" has no host before its port"),
                of("[ { address: \"h_!:80\" } ]", "[0].address: \"h_!:80\" holds no valid host name"),
                of("[ { address: \"300.1.1.1:80\" } ]", "[0].address: \"300.1.1.1:80\" holds no valid IP address"),
                of(
                        "[ { address: \"tcp://h:80\" } ]",
                        "[0].address: \"tcp://h:80\" has a scheme, but HOST:PORT is wanted; did you mean h:80?"),
                of(
                        "[ { address: \"0.0.0.0:80\" } ]",
                        "[0].address: \"0.0.0.0:80\" is no address to connect to; did you mean 127.0.0.1:80?"),
                of(
                        "[ { address: \"239.1.1.1:80\" } ]",
                        "[0].address: \"239.1.1.1:80\" is a multicast address, to which nothing can connect"),
                of(
                        "[ { address: \"127.0.0.1:8080\" } ]",
                        "[0].address: 127.0.0.1:8080 is the service's own listener tcp://127.0.0.1:8080: a loop"),
                of(
                        "[ { address: \"localhost:8080\" } ]",
                        "[0].address: localhost:8080 is the service's own listener tcp://127.0.0.1:8080: a loop"),
                of("[ { address: \"10.0.0.1:8080\" }, { address: \"127.0.0.1:8082\" } ]"),
                of(
                        "[ { id: a, address: \"h:1\" }, { id: a, address: \"h:2\" } ]",
                        "[1].id: \"a\" is also the name of services[0].backends[0] (proxy.yaml:4)"),
                of(
                        "[ { address: \"h:1\" }, { address: \"h:1\" } ]",
                        "[1].id: \"h:1\" is also the name of services[0].backends[0] (proxy.yaml:4)"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void backends(String value, List<String> faults) {
        String yaml = """
                services:
                  - name: web
                    listen: tcp://127.0.0.1:8080
                    backends: %s
                """.formatted(value);
        List<String> wanted = value.equals("[ ]")
                ? List.of("proxy.yaml:2: services[0].backends: the service has no backend")
                : faults.stream()
                        .map(fault -> "proxy.yaml:4: services[0].backends" + fault)
                        .toList();

        assertEquals(wanted, Faulty.formatted(Faulty.load(folder, yaml)));
    }

    @Test
    void shouldTellServicesOfOneNameAndOverlapsAmongServices() {
        String yaml = GOOD + """
                  - name: web
                    listen: tcp://0.0.0.0:8080
                    backends: [ { address: "10.0.0.1:9001" } ]
                """;

        assertEquals(
                List.of(
                        "proxy.yaml:5: services[1].name: \"web\" is also the name of services[0] (proxy.yaml:2)",
                        "proxy.yaml:6: services[1].listen: tcp://0.0.0.0:8080 overlaps tcp://127.0.0.1:8080 (proxy.yaml:3)"),
                Faulty.formatted(Faulty.load(folder, yaml)));
    }

    @Test
    void shouldTellOfServicesThatFeedEachOther() {
        String ring = """
                services:
                  - { name: a, listen: "tcp://127.0.0.1:1001", backends: [ { address: "127.0.0.1:1002" } ] }
                  - { name: b, listen: "tcp://*:1002", backends: [ { address: "10.0.0.1:1" }, { address: "localhost:1003" } ] }
                  - { name: c, listen: "tcp://127.0.0.1:1003", backends: [ { address: "127.0.0.1:1001" } ] }
                """;

        assertEquals(
                List.of("proxy.yaml:4: services[2].backends[0].address: 127.0.0.1:1001 is the listener"
                        + " tcp://127.0.0.1:1001 of services[0] (proxy.yaml:2), whose backends lead back here: a loop"),
                Faulty.formatted(Faulty.load(folder, ring)));
        assertEquals(
                List.of(),
                Faulty.formatted(Faulty.load(folder, ring.replace("localhost:1003", "localhost:1004"))),
                "a chain is no loop");
        assertEquals(
                List.of(),
                Faulty.formatted(Faulty.load(folder, ring.replace("\"tcp://*:1002", "\"udp://*:1002"))),
                "what comes by TCP does not go on by UDP");
    }

    @Test
    void shouldRefuseToProbeByTcpWhatServesUdpAlone() {
        String yaml = GOOD.replace("tcp://", "udp://") + "    health: { protocol: tcp }\n";

        assertEquals(
                List.of("proxy.yaml:5: services[0].health.protocol: has no effect: the service has no tcp:// listener;"
                        + " set it to none, give health.port or remove the key"),
                Faulty.formatted(Faulty.load(folder, yaml)));
        assertEquals(
                List.of(),
                Faulty.formatted(Faulty.load(folder, yaml.replace("protocol: tcp", "protocol: tcp, port: 8080"))),
                "a port of its own may be anything");
    }

    /** Files that are no configuration at all. */
    static Stream<Arguments> files() {
        return Stream.of(
                of("", "1: the file is empty; a configuration has at least services:"),
                of("# nothing\n", "1: the file is empty; a configuration has at least services:"),
                of("just text", "1: the file holds a value, but a configuration is a mapping such as services: […]"),
                of("\n- a", "2: the file holds a list, but a configuration is a mapping such as services: […]"),
                of("---\n", "2: the file holds nothing, but a configuration is a mapping such as services: […]"),
                of("admin: {}\n", "1: there is no service to run: the file needs services"),
                of("services: 5\n", "1: services: is a value, but a list is wanted: each element begins with a dash"),
                of(
                        "a:\n\tb: 1\n",
                        "2: column 1: no valid YAML: a tab where YAML allows only spaces; indent with spaces"),
                of(
                        "a: b: c\n",
                        "1: column 5: no valid YAML: a colon where none may stand; is the line indented wrongly, or does"
                                + " a text need quotes?"),
                of(
                        "a: [ 1, 2\nb: 3\n",
                        "2: column 2: no valid YAML: while parsing a flow sequence, expected ',' or ']', but got :"),
                of("a: *b\n", "1: the alias *b has no finished anchor before it"),
                of("a: &x { b: *x }\n", "1: the alias *x has no finished anchor before it"),
                of(GOOD + "---\nb: 1\n", "5: a second YAML document begins; the configuration is one document"),
                of("a: \u0001\n", "1: the character U+0001 may not stand in YAML"),
                of("admin: {}\nb: \"\u0007\"\n", "2: the character U+0007 may not stand in YAML"));
    }

    @ParameterizedTest
    @MethodSource
    void files(String yaml, List<String> faults) {
        List<String> found = Faulty.formatted(Faulty.load(folder, yaml));

        assertEquals(faults.stream().map(fault -> "proxy.yaml:" + fault).toList(), found);
    }

    @Test
    void shouldTellWhereAFileIsNotUtf8() {
        byte[] latin = "data-dir: x\nlog-level: \u00fc".getBytes(StandardCharsets.ISO_8859_1);

        assertEquals(
                List.of("proxy.yaml:2: the file is not UTF-8 (byte 24); save it as UTF-8"),
                Faulty.formatted(Faulty.load(folder, latin, Map.of(), Overrides.none())));
        byte[] wide = "data-dir: x".getBytes(StandardCharsets.UTF_16);
        assertEquals(
                List.of("proxy.yaml:1: the file is not UTF-8 (byte 1); save it as UTF-8"),
                Faulty.formatted(Faulty.load(folder, wide, Map.of(), Overrides.none())));
    }

    @Test
    void shouldTakeAByteOrderMark() {
        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, "\ufeff" + GOOD)));
    }

    @Test
    void shouldRefuseAHugeFile() {
        byte[] huge = new byte[16 * 1024 * 1024 + 1];
        Arrays.fill(huge, (byte) ' ');

        assertEquals(
                List.of("command line: the configuration " + folder.resolve("proxy.yaml") + " is larger than 16 MiB"),
                Faulty.formatted(Faulty.load(folder, huge, Map.of(), Overrides.none())));
    }

    @Test
    void shouldStopAnAliasBomb() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n");
        for (int i = 1; i < 12; i++) {
            String alias = "*a" + (i - 1);
            bomb.append("a")
                    .append(i)
                    .append(": &a")
                    .append(i)
                    .append(" [ ")
                    .append((alias + ", ").repeat(9))
                    .append(alias)
                    .append(" ]\n");
        }

        assertEquals(
                List.of("proxy.yaml:6: more than a million values, aliases counted as often as they are used"),
                Faulty.formatted(Faulty.load(folder, bomb.toString())));
    }

    @Test
    void shouldStopAtDeepNestingBeforeTheStackEnds() {
        assertEquals(
                List.of("proxy.yaml:1: nested more than 32 deep"),
                Faulty.formatted(Faulty.load(folder, "a: " + "[".repeat(1_000_000))));
    }

    @Test
    void shouldUseAnAliasAsOftenAsWanted() {
        String yaml = """
                services:
                  - { name: a, listen: "tcp://*:1", backends: &both [ { address: "h:1" }, { address: "h:2" } ] }
                  - { name: b, listen: "tcp://*:2", backends: *both }
                """;

        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, yaml)));
    }

    @Test
    void shouldTellWhenTheFileCannotBeRead() {
        Path absent = folder.resolve("absent.yaml");
        assertEquals(
                List.of("command line: the configuration " + absent + " does not exist"),
                ConfigLoader.load(absent, Map.of(), Overrides.none()).faults().stream()
                        .map(fault -> fault.format())
                        .toList());
        assertEquals(
                List.of("command line: the configuration " + folder + " cannot be read: it is a directory"),
                ConfigLoader.load(folder, Map.of(), Overrides.none()).faults().stream()
                        .map(fault -> fault.format())
                        .toList());
    }

    @Test
    void shouldBoundWhatItTells() {
        StringBuilder yaml = new StringBuilder(GOOD);
        for (int i = 0; i < 500; i++) {
            yaml.append("zzzzz").append(i).append(": 1\n");
        }
        List<String> found = Faulty.formatted(Faulty.load(folder, yaml.toString()));

        assertEquals(201, found.size());
        assertEquals("command line: and 300 more faults that are not listed", found.getLast());
    }

    @Test
    void shouldShortenWhatItRepeats() {
        String found = Faulty.formatted(Faulty.load(folder, GOOD + "log-level: " + "x".repeat(3000) + "\n"))
                .getFirst();

        assertTrue(found.length() < 200, found);
        assertEquals(
                List.of("proxy.yaml:5: log-level: is longer than 4096 characters"),
                Faulty.formatted(Faulty.load(folder, GOOD + "log-level: " + "x".repeat(5000) + "\n")));
    }

    private static Arguments of(String text, String... faults) {
        return Arguments.of(text, List.of(faults));
    }
}

package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.source.LegacyNames;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.config.source.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags over environment over file over default, and the older names of keys. */
class SourcesTest {
    private static final String ONE = """
            admin: { port: 7001 }
            services:
              - name: web
                listen: [ "tcp://127.0.0.1:8080", "udp://127.0.0.1:8080" ]
                backends: [ { address: "127.0.0.1:9001" } ]
            """;
    private static final String TWO = ONE + """
              - name: dns
                listen: udp://127.0.0.1:53
                backends: [ { address: "127.0.0.1:5300" } ]
            """;

    @TempDir
    Path folder;

    @Test
    void shouldTakeTheDefaultWhenNothingIsSaid() {
        String yaml = ONE.replace("admin: { port: 7001 }\n", "");

        assertEquals(
                AdminSettings.DEFAULT,
                settings(yaml, Map.of(), Overrides.none()).admin());
    }

    @Test
    void shouldTakeFlagOverEnvironmentOverFileOverDefault() {
        Map<String, String> environment = Map.of("ADMIN_PORT", "7002");
        Overrides flags = Overrides.none().with(Setting.ADMIN_PORT, "7003");

        assertEquals(7001, settings(ONE, Map.of(), Overrides.none()).admin().port());
        assertEquals(7002, settings(ONE, environment, Overrides.none()).admin().port());
        assertEquals(7003, settings(ONE, environment, flags).admin().port());
    }

    @Test
    void shouldTakeTodaysVariableOverTheOlderOne() {
        Map<String, String> older = Map.of("MARCHPROXY_LOG_LEVEL", "ERROR");
        Map<String, String> both = Map.of("MARCHPROXY_LOG_LEVEL", "ERROR", "LOG_LEVEL", "Warning");

        assertEquals(
                ProxySettings.LogLevel.ERROR,
                settings(ONE, older, Overrides.none()).logLevel());
        assertEquals(
                ProxySettings.LogLevel.WARN,
                settings(ONE, both, Overrides.none()).logLevel());
    }

    @Test
    void shouldShowTheSourceOfEachValue() {
        Map<String, String> environment = Map.of("LOG_LEVEL", "debug");
        Overrides flags = Overrides.none().with(Setting.ENABLE_QOS, "off");
        List<String> shown =
                Faulty.load(folder, ONE, environment, flags).effective().lines().toList();

        assertTrue(shown.contains("data-dir: ./data  # default"), shown::toString);
        assertTrue(shown.contains("log-level: debug  # environment variable LOG_LEVEL"), shown::toString);
        assertTrue(shown.contains("  enabled: false  # flag --enable-qos"), shown::toString);
        assertTrue(shown.contains("  port: 7001  # " + folder.resolve("proxy.yaml") + ":1"), shown::toString);
        assertTrue(
                shown.contains("      - tcp://127.0.0.1:8080  # " + folder.resolve("proxy.yaml") + ":4"),
                shown::toString);
    }

    @Test
    void shouldRunWithoutAFile() {
        Overrides flags = Overrides.none()
                .with(Setting.BACKEND, "127.0.0.1:9001")
                .with(Setting.BACKEND, "[::1]:9002")
                .with(Setting.DATA_DIR, "/var/lib/proxy");
        ConfigResult result = ConfigLoader.load(null, Map.of(), flags);

        assertEquals(List.of(), result.faults());
        ProxySettings settings = result.settings().orElseThrow();
        ServiceSettings service = settings.services().getFirst();
        assertEquals("default", service.name());
        assertEquals(
                List.of(new ListenAddress(Protocol.TCP, "::", 8080), new ListenAddress(Protocol.UDP, "::", 8080)),
                service.listen());
        assertEquals(
                List.of(
                        new BackendSettings("127.0.0.1:9001", "127.0.0.1", 9001),
                        new BackendSettings("[::1]:9002", "::1", 9002)),
                service.backends());
        assertEquals(Path.of("/var/lib/proxy"), settings.dataDir());
    }

    @Test
    void shouldSayWhatIsMissingWithoutAFile() {
        assertEquals(
                List.of(
                        "command line: there is no service to run: give --backend HOST:PORT, or a file that has services"),
                Faulty.formatted(ConfigLoader.load(null, Map.of("LISTEN_PORT", "80"), Overrides.none())));
    }

    @Test
    void shouldMoveTheOneServiceToThePortOfTheFlag() {
        Overrides flags = Overrides.none().with(Setting.LISTEN_PORT, "9090").with(Setting.LISTEN_PORT, "9091");
        ServiceSettings service =
                settings(ONE, Map.of("LISTEN_PORT", "9089"), flags).services().getFirst();

        assertEquals(
                List.of(9091, 9091),
                service.listen().stream().map(ListenAddress::port).toList());
        assertEquals("127.0.0.1", service.listen().getFirst().host());
    }

    @Test
    void shouldRefuseBackendsOfAFlagBesideAFile() {
        Overrides flags = Overrides.none().with(Setting.BACKEND, "h:1");

        assertEquals(
                List.of("flag --backend: is for a run without a file; write the backends into proxy.yaml"),
                Faulty.load(folder, ONE, Map.of(), flags).faults().stream()
                        .map(fault -> fault.format().replace(folder + "/", ""))
                        .toList());
    }

    @Test
    void shouldRefuseWhatCannotBePlacedAmongSeveralServices() {
        Map<String, String> environment = Map.of("LISTEN_PORT", "80", "MARCHPROXY_BACKENDS", "h:1");
        String meant = ": the file has 2 services: set this in the file, for the one that is meant";

        assertEquals(
                List.of("environment variable MARCHPROXY_BACKENDS" + meant, "environment variable LISTEN_PORT" + meant),
                Faulty.formatted(Faulty.load(folder, TWO, environment, Overrides.none())));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            MANAGER_URL | http://m | the manager is not in this version yet
            CLUSTER_API_KEY | hunter2 | the manager is not in this version yet
            ENABLE_MULTICLOUD | maybe | "maybe" is neither true nor false
            ENABLE_OTEL | 1 | trace export is not in this version yet
            JAEGER_ENDPOINT | http://j:4317 | trace export is not in this version yet
            MARCHPROXY_MANAGER_URL | http://m | the manager is not in this version yet
            MARCHPROXY_CLUSTER_API_KEY | hunter2 | the manager is not in this version yet
            MARCHPROXY_ENABLE_MULTICLOUD | maybe | "maybe" is neither true nor false
            MARCHPROXY_ENABLE_TRACING | true | trace export is not in this version yet
            MARCHPROXY_DEFAULT_BANDWIDTH | 1000000 | the older form of services[].rate is not in this version yet
            MARCHPROXY_BURST_SIZE | 65536 | the older form of services[].burst is not in this version yet
            MARCHPROXY_ROUTING_ALGORITHM | magic | "magic" is none of round-robin
            MARCHPROXY_METRICS_NAMESPACE | other | another prefix of metrics than marchproxy is not in this version yet
            MARCHPROXY_WORKER_THREAD | 4 | unknown; did you mean MARCHPROXY_WORKER_THREADS?
            MARCHPROXY_BIND_ADDR | nowhere | "nowhere" needs a port
            MARCHPROXY_METRICS_ADDR | nowhere | is no HOST:PORT
            MARCHPROXY_DSCP_MARKING | P9=46 | "P9" is none of P0, P1, P2, P3
            LISTEN_PORT | 65536 | "65536" must be from 0 to 65535
            ADMIN_PORT | x | "x" is not a whole number
            LOG_LEVEL | loud | "loud" is none of trace, debug, info, warn, error
            """)
    void shouldNameTheVariableInItsFault(String variable, String value, String message) {
        List<String> found = Faulty.formatted(Faulty.load(folder, ONE, Map.of(variable, value), Overrides.none()));

        assertEquals(1, found.size(), found::toString);
        assertTrue(found.getFirst().startsWith("environment variable " + variable + ": " + message), found::toString);
        assertFalse(found.getFirst().contains("hunter2"), found::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLE_MULTICLOUD, false",
        "ENABLE_OTEL, 0",
        "NUMA_OPTIMIZATION, off",
        "MANAGER_URL, ''",
        "JAEGER_ENDPOINT, ' '",
        "MARCHPROXY_ENABLE_NUMA, No",
        "MARCHPROXY_DEFAULT_BANDWIDTH, 0",
        "MARCHPROXY_BURST_SIZE, 0",
        "MARCHPROXY_METRICS_NAMESPACE, marchproxy",
        "MARCHPROXY_ROUTING_ALGORITHM, roundrobin",
        "MARCHPROXY_JAEGER_ENDPOINT, http://j:4317",
        "MARCHPROXY_TRACE_SAMPLE_RATE, 0.1",
        "MARCHPROXY_SOMETHING_OF_ANOTHER_PROGRAM, 1"
    })
    void shouldAcceptWhatAsksForNothing(String variable, String value) {
        assertEquals(List.of(), Faulty.formatted(Faulty.load(folder, ONE, Map.of(variable, value), Overrides.none())));
    }

    @ParameterizedTest
    @CsvSource({"NUMA_OPTIMIZATION, on", "NUMA_OPTIMIZATION, True", "MARCHPROXY_ENABLE_NUMA, true"})
    void shouldPlaceByNodeWhenTheEnvironmentSaysSo(String variable, String value) throws Exception {
        ConfigResult result = Faulty.load(folder, ONE, Map.of(variable, value), Overrides.none());

        assertEquals(List.of(), Faulty.formatted(result));
        assertTrue(result.settings().orElseThrow().engine().numa());
    }

    @Test
    void shouldTellOfVariablesBesideAFileThatCannotBeUnderstood() {
        List<String> found =
                Faulty.formatted(Faulty.load(folder, "a: b: c", Map.of("ENABLE_OTEL", "true"), Overrides.none()));

        assertEquals(2, found.size(), found::toString);
        assertTrue(found.get(0).startsWith("proxy.yaml:1: column 5: "), found::toString);
        assertTrue(found.get(1).startsWith("environment variable ENABLE_OTEL: "), found::toString);
    }

    @Test
    void shouldTakeAFileOfTheReferenceProxy() {
        String yaml = """
                bind_addr: ":9000"
                metrics_addr: "127.0.0.1:9191"
                enable_numa: false
                worker_threads: 2
                enable_qos: true
                default_bandwidth: 0
                burst_size: 0
                priority_queue_depth: 500
                dscp_marking: { P0: 46, p1: 34, P2: 26, P3: 0 }
                enable_multicloud: false
                routing_algorithm: roundrobin
                health_check_interval: 2s
                enable_tracing: false
                jaeger_endpoint: "http://jaeger:14268/api/traces"
                trace_sample_rate: 0.1
                metrics_namespace: marchproxy
                log_level: debug
                manager_url:
                cluster_api_key: null
                backends:
                  - { name: a, url: "tcp://10.0.0.1:80", weight: 1, priority: 1, cloud: aws, region: us-east-1, cost: 0.09, timeout: 2s }
                  - { name: b, url: "http://10.0.0.2/", cloud: on_prem, timeout: 2s }
                  - "10.0.0.3:81"
                """;
        ProxySettings settings = settings(yaml, Map.of(), Overrides.none());
        ServiceSettings service = settings.services().getFirst();

        assertEquals(
                List.of(new ListenAddress(Protocol.TCP, "::", 9000), new ListenAddress(Protocol.UDP, "::", 9000)),
                service.listen());
        assertEquals(new AdminSettings("127.0.0.1", 9191), settings.admin());
        assertEquals(2, settings.engine().shards());
        assertEquals(ProxySettings.LogLevel.DEBUG, settings.logLevel());
        assertEquals(
                List.of(46, 34, 26, 0),
                settings.qos().classes().stream()
                        .map(QosSettings.ClassSettings::dscp)
                        .toList());
        assertTrue(settings.qos().classes().stream().allMatch(one -> one.queuePackets() == 500));
        assertEquals(Duration.ofSeconds(2), service.health().interval());
        assertEquals(Duration.ofSeconds(2), service.connect().timeout());
        assertEquals(
                List.of(
                        new BackendSettings("a", "10.0.0.1", 80, BackendSettings.Provider.AWS, "us-east-1", 0.09),
                        new BackendSettings("b", "10.0.0.2", 80),
                        new BackendSettings("10.0.0.3:81", "10.0.0.3", 81)),
                service.backends());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            log_level: INFO | INFO
            log_level: Warning | WARN
            enable_qos: Yes | INFO
            manager_url: "" | INFO
            cluster_api_key: " " | INFO
            jaeger_endpoint: "" | INFO
            """)
    void shouldReadWordsOfTheReferenceProxyInAnyCaseAndNothingAsNothing(String line, ProxySettings.LogLevel level) {
        assertEquals(
                level, settings(ONE + line + "\n", Map.of(), Overrides.none()).logLevel());
    }

    @Test
    void shouldTakeTheReferenceProxysVariables() {
        Map<String, String> environment = Map.of(
                "MARCHPROXY_BIND_ADDR", "127.0.0.1:9000",
                "MARCHPROXY_METRICS_ADDR", ":9191",
                "MARCHPROXY_WORKER_THREADS", "0",
                "MARCHPROXY_DSCP_MARKING", "P0=34,P3:8",
                "MARCHPROXY_HEALTH_CHECK_INTERVAL", "3s",
                "MARCHPROXY_BACKENDS", "10.0.0.1:80, tcp://10.0.0.2:81");
        ConfigResult result = ConfigLoader.load(null, environment, Overrides.none());

        assertEquals(List.of(), result.faults());
        ProxySettings settings = result.settings().orElseThrow();
        assertEquals(new AdminSettings("0.0.0.0", 9191), settings.admin());
        assertEquals(34, settings.qos().classes().get(0).dscp());
        assertEquals(8, settings.qos().classes().get(3).dscp());
        ServiceSettings service = settings.services().getFirst();
        assertEquals(2, service.backends().size());
        assertEquals(
                new ListenAddress(Protocol.UDP, "127.0.0.1", 9000),
                service.listen().get(1));
        assertEquals(Duration.ofSeconds(3), service.health().interval());
    }

    @Test
    void shouldCallOlderKeysByTheirOwnNames() {
        String yaml = """
                bind_addr: 5
                metrics_addr: [ ]
                worker_threads: many
                enable_tracing: true
                default_bandwidth: 1000
                dscp_marking: EF
                log_level: loud
                admin: { port: 1 }
                backends:
                  - { name: a, url: "ftp://10.0.0.1:80", weight: 2, timeout: 1s }
                  - { name: b, url: "10.0.0.2:80", timeout: 2s, colour: red }
                """;

        assertEquals(
                List.of(
                        "proxy.yaml:1: bind_addr: \"5\" needs a port, such as 127.0.0.1:8080",
                        "proxy.yaml:2: metrics_addr: is no HOST:PORT",
                        "proxy.yaml:3: worker_threads: \"many\" is neither auto nor a whole number",
                        "proxy.yaml:4: enable_tracing: trace export is not in this version yet; set it to false or remove the"
                                + " key (it comes with the observability release)",
                        "proxy.yaml:5: default_bandwidth: the older form of services[].rate is not in this version yet; remove the key (it"
                                + " comes with the quality-of-service release)",
                        "proxy.yaml:6: dscp_marking: is a value, but a mapping of P0 to P3 is wanted",
                        "proxy.yaml:7: log_level: \"loud\" is none of trace, debug, info, warn, error",
                        "proxy.yaml:10: backends[0].url: \"ftp://10.0.0.1:80\" has a scheme, but HOST:PORT is wanted; did you"
                                + " mean 10.0.0.1:80?",
                        "proxy.yaml:11: backends[1].timeout: differs from another backend's; all of a service share"
                                + " connect.timeout",
                        "proxy.yaml:11: backends[1].colour: unknown key; known here are id, address, provider, region,"
                                + " cost-per-gb, weight, bandwidth, priority, max-connections, enabled, prefixes"),
                Faulty.formatted(Faulty.load(folder, yaml)).stream()
                        .sorted(new ByLine())
                        .toList());
    }

    @Test
    void shouldRefuseOlderKeysThatContradictTodays() {
        List<String> found = Faulty.formatted(Faulty.load(folder, ONE + """
                metrics_addr: ":1"
                bind_addr: ":2"
                """));

        assertEquals(
                List.of(
                        "proxy.yaml:6: metrics_addr: is the older name of admin.port, which is given too; keep one of them",
                        "proxy.yaml:7: bind_addr: is of the older form, which describes one service; this file has services:"
                                + " write it there"),
                found);
    }

    @Test
    void shouldDescribeEveryOlderKeyThatIsTaken() {
        Map<String, String> environment = LegacyNames.MEANINGS.keySet().stream()
                .collect(Collectors.toMap(name -> "MARCHPROXY_" + name.toUpperCase(java.util.Locale.ROOT), _ -> "{"));

        assertTrue(
                Faulty.formatted(ConfigLoader.load(null, environment, Overrides.none())).stream()
                                .map(fault -> fault.replaceAll(":.*", ""))
                                .distinct()
                                .count()
                        >= LegacyNames.MEANINGS.size() - 1,
                "each older variable is read, hence refuses a brace");
    }

    @Test
    void shouldReplaceReferencesWithTheirDefaultAndKeepDoubledDollars() {
        String yaml = ONE + """
                data-dir: "${HOME_OF_PROXY:-/srv/a}/${NAME}/$${x}/$y/${EMPTY:-z}"
                """;
        Map<String, String> environment = Map.of("NAME", "n", "EMPTY", "");

        assertEquals(
                Path.of("/srv/a/n/${x}/$y/z"),
                settings(yaml, environment, Overrides.none()).dataDir());
    }

    @Test
    void shouldHashWhatHoldsAndNotWhereItWasSaid() {
        String hash = settings(ONE, Map.of(), Overrides.none()).hash();

        assertTrue(hash.matches("[0-9a-f]{16}"), hash);
        assertEquals(
                hash,
                settings("\n\n" + ONE + "log-level: info\n", Map.of(), Overrides.none())
                        .hash());
        assertEquals(
                hash,
                settings(ONE, Map.of("ADMIN_PORT", "7001"), Overrides.none()).hash());
        assertNotEquals(
                hash,
                settings(ONE, Map.of("ADMIN_PORT", "7002"), Overrides.none()).hash());
    }

    private ProxySettings settings(String yaml, Map<String, String> environment, Overrides flags) {
        ConfigResult result = Faulty.load(folder, yaml, environment, flags);
        assertEquals(List.of(), Faulty.formatted(result));
        return result.settings().orElseThrow();
    }

    /** By line alone: the order within a line is of no matter. */
    private static final class ByLine implements java.util.Comparator<String> {
        @Override
        public int compare(String one, String other) {
            return Integer.compare(line(one), line(other));
        }

        private static int line(String fault) {
            return Integer.parseInt(fault.split(":", -1)[1]);
        }
    }
}

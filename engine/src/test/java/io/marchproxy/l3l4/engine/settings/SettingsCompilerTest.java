package io.marchproxy.l3l4.engine.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.RuleSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.GatewaySet;
import io.marchproxy.l3l4.stages.route.PrefixRoutes;
import io.marchproxy.l3l4.stages.route.PrefixTable;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SettingsCompilerTest {
    private static final String NOBODY = "nobody.invalid";

    /** Asks no name server: whether there is one, and how soon it answers, is the machine's affair. */
    private final SettingsCompiler compiler = new SettingsCompiler(
            new NameResolver(
                    host -> {
                        throw new UnknownHostException(host);
                    },
                    Duration.ofSeconds(5)),
            1);

    @Test
    void shouldKeepNumbersOverReloads() throws Exception {
        CompiledSettings first = compile(web("127.0.0.1"), dns("127.0.0.1"));
        CompiledSettings second = compile(dns("127.0.0.1"), web("127.0.0.1"));
        assertEquals(names(first), names(second));
        assertEquals(numbersOfBackends(first), numbersOfBackends(second).reversed());
        assertEquals(
                first.listeners().getFirst().listener(),
                second.listeners().getLast().listener());
        assertEquals(
                first.pipeline().version() + 1, second.pipeline().version(), "each configuration has its own version");
    }

    @Test
    void shouldKnowAServiceThatIsGoneAsInactiveAndGiveItItsNumberBack() throws Exception {
        compile(web("127.0.0.1"), dns("127.0.0.1"));
        CompiledSettings without = compile(dns("127.0.0.1"));
        CompiledService web = without.services().getFirst();
        assertEquals("web", web.settings().name());
        assertFalse(web.active());
        assertFalse(without.pipeline().classify().services().getFirst().active());
        assertEquals(List.of("dns"), listening(without));
        assertEquals(1, without.backends().size());
        CompiledSettings back = compile(dns("127.0.0.1"), web("127.0.0.1"));
        assertTrue(back.services().getFirst().active());
        assertEquals(0, back.services().getFirst().id());
    }

    @Test
    void shouldLeaveAServiceThatIsGoneWithoutBackendsSinceNobodyWatchesTheirHealth() throws Exception {
        CompiledSettings first = compile(web("127.0.0.1"));
        CompiledSettings without = compile(dns("127.0.0.1"));
        assertEquals(
                numbersOfBackends(first),
                first.pipeline().route().pools().getFirst().backends());
        assertEquals(List.of(), without.pipeline().route().pools().getFirst().backends());
    }

    @Test
    void shouldGoOnAfterARefusedConfigurationAsIfItHadNotBeen() throws Exception {
        compile(web("127.0.0.1"));
        assertThrows(SettingsException.class, () -> compile(web("127.0.0.1"), dns(NOBODY)));
        CompiledSettings next = compile(web("127.0.0.1"), both());
        assertEquals(List.of("web", "both", "both"), names(next));
        for (int i = 0; i < next.services().size(); i++) {
            assertEquals(i, next.services().get(i).id());
        }
    }

    @Test
    void shouldForgetAPreparedConfigurationThatWasNotAccepted() throws Exception {
        compile(web("127.0.0.1"));
        compiler.prepare(settings(QosSettings.DEFAULT, web("127.0.0.1"), both()));

        CompiledSettings next = compile(web("127.0.0.1"), dns("127.0.0.1"));

        assertEquals(List.of("web", "dns"), names(next), "what was refused is no service that is gone");
        assertEquals(1, next.services().getLast().id());
    }

    private static ServiceSettings transit() {
        // 10.0.0.0/8 and 10.1.0.0/16 to the first, the latter to the second as well, ::/0 to the second.
        return ServiceSettings.builder("transit")
                .listen(ListenAddress.IP_PACKETS)
                .backend("a", "192.0.2.1", 0)
                .backend("b", "192.0.2.2", 0)
                .prefixes(new GatewayPrefixes(
                        3,
                        new long[] {0x0aL << 56, 0x0a01L << 48, 0x0a01L << 48, 0},
                        new long[1],
                        new byte[] {8, 16, 16, 0},
                        new int[] {0, 0, 1, 1},
                        ""))
                .build();
    }

    @Test
    void shouldGiveEachPrefixTheSetOfItsGateways() throws Exception {
        CompiledSettings compiled = compile(web("127.0.0.1"), transit());

        assertEquals(List.of("web"), listening(compiled), "nothing is bound");
        CompiledService service = compiled.services().getLast();
        assertEquals("ip", service.protocolLabel());
        ServiceProfile profile = compiled.pipeline().classify().services().getLast();
        assertEquals(ServiceProfile.IP, profile.protocol());
        assertEquals(service.settings().idleTimeout().toNanos(), profile.idleTimeoutNs());
        BackendPool pool = compiled.pipeline().route().pools().getLast();
        PrefixRoutes routes = Objects.requireNonNull(pool.routes());
        assertEquals(
                List.of(new GatewaySet(List.of(0)), new GatewaySet(List.of(0, 1)), new GatewaySet(List.of(1))),
                routes.sets());
        PrefixTable table = Objects.requireNonNull(routes.routing()).table();
        assertEquals(0, PrefixTable.set(table.find(4, 0, 0x0a020304)));
        assertEquals(1, PrefixTable.set(table.find(4, 0, 0x0a010304)));
        assertEquals(2, PrefixTable.set(table.find(6, 1, 1)));
        assertEquals(
                List.of(pool.members().get(0), pool.members().get(1)),
                routes.routing().pools().get(1).members());
    }

    @Test
    void shouldTakeTheRoutesOfAServiceThatIsGoneAway() throws Exception {
        compile(transit());
        CompiledSettings without = compile(web("127.0.0.1"));

        assertFalse(without.services().getFirst().active());
        assertNull(without.pipeline().route().pools().getFirst().routes());
    }

    @Test
    void shouldListenOnBothFamiliesOfLocalhost() throws Exception {
        CompiledSettings compiled = compile(local(8080));
        assertEquals(
                List.of("127.0.0.1", "0:0:0:0:0:0:0:1"),
                compiled.listeners().stream()
                        .map(listener -> listener.address().getAddress().getHostAddress())
                        .toList());
        assertNotEquals(
                compiled.listeners().getFirst().listener(),
                compiled.listeners().getLast().listener());
        assertEquals(1, compile(local(0)).listeners().size(), "a free port is one");
    }

    @Test
    void shouldKeepEveryAddressOfABackendsName() throws Exception {
        CompiledBackend backend = resolving("10.0.0.1", "10.0.0.2")
                .compile(settings(QosSettings.DEFAULT, web("several.example")))
                .backends()
                .getFirst();
        assertEquals(backend.addresses().getFirst(), backend.target().address());
        assertEquals(2, backend.addresses().size());
        assertEquals(
                backend.addresses().getLast(),
                backend.at(backend.addresses().getLast()).target().address());
    }

    @Test
    void shouldReportEveryUnknownHostNameAtOnce() {
        ServiceSettings service = ServiceSettings.builder("web")
                .listen(Protocol.TCP, NOBODY, 8080)
                .backend("b1", NOBODY, 80)
                .backend("b2", NOBODY, 80)
                .build();
        String message = String.valueOf(
                assertThrows(SettingsException.class, () -> compile(service)).getMessage());
        assertEquals(3, message.lines().count(), message);
        assertTrue(message.contains("backend b1 of service web: unknown host name " + NOBODY), message);
        assertTrue(message.contains("backend b2 of service web"), message);
        assertTrue(message.contains("listen address of service web"), message);
    }

    @Test
    void shouldMakeTwoServicesOfOneThatSpeaksBothProtocols() throws Exception {
        CompiledSettings compiled = compile(both());
        assertEquals(List.of("both", "both"), names(compiled));
        assertEquals(
                List.of("tcp", "udp"),
                compiled.services().stream().map(CompiledService::protocolLabel).toList());
        assertNotEquals(
                numbersOfBackends(compiled).getFirst(),
                numbersOfBackends(compiled).getLast(),
                "a host may serve one protocol and not the other");
        assertEquals(Protocol.UDP, compiler.protocol(1));
    }

    @Test
    void shouldGiveABackendThatMovedANumberOfItsOwn() throws Exception {
        CompiledSettings first = compile(web("127.0.0.1"));
        CompiledSettings second = compile(web("127.0.0.2"));
        assertNotEquals(numbersOfBackends(first), numbersOfBackends(second));
    }

    @Test
    void shouldListenOnBothFamiliesWithAStar() throws Exception {
        ServiceSettings star = ServiceSettings.builder("web")
                .listen(Protocol.TCP, "*", 8080)
                .backend("b1", "127.0.0.1", 80)
                .build();
        assertTrue(compile(star).listeners().getFirst().address().getAddress().isAnyLocalAddress());
    }

    /** Both modules have a number for it, and neither knows the other. */
    @Test
    void shouldCallACodePointThatIsPreservedAsTheStagesDo() {
        assertEquals(PacketDescriptor.DSCP_PRESERVE, QosSettings.PRESERVE_DSCP);
    }

    @Test
    void shouldCompileHowQueuesAreKeptShort() throws Exception {
        QosSettings.Codel codel = new QosSettings.Codel(true, Duration.ofMillis(1), Duration.ofMillis(20));
        QosSettings qos = new QosSettings(true, 8_000, codel, QosSettings.DEFAULT.classes(), List.of());
        assertEquals(
                new CodelSettings(1_000_000, 20_000_000),
                compiler.compile(settings(qos, dns("127.0.0.1")))
                        .pipeline()
                        .shape()
                        .codel());
        QosSettings.Codel without = new QosSettings.Codel(false, codel.target(), codel.interval());
        QosSettings tailDrop = new QosSettings(true, 8_000, without, qos.classes(), qos.rules());
        assertEquals(
                CodelSettings.OFF,
                compiler.compile(settings(tailDrop, dns("127.0.0.1")))
                        .pipeline()
                        .shape()
                        .codel());
    }

    @Test
    void shouldCompileRulesAndLeaveThemOutWhenQosIsOff() throws Exception {
        RuleSettings everything = new RuleSettings(
                Protocol.UDP,
                "dns",
                new IpPrefix(InetAddress.getByName("10.0.0.0"), 8),
                new IpPrefix(InetAddress.getByName("2001:db8::"), 32),
                new RuleSettings.PortRange(1024, 2048),
                new RuleSettings.PortRange(53, 53),
                8,
                TrafficClass.P3,
                10);
        RuleSettings nothing = new RuleSettings(null, null, null, null, null, null, -1, TrafficClass.P0, -1);
        QosSettings qos = new QosSettings(true, QosSettings.DEFAULT.classes(), List.of(everything, nothing));
        assertEquals(
                List.of(
                        new ClassifyRule(
                                17,
                                "dns",
                                new AddressPrefix(4, 0, 0x0a00_0000L, 8),
                                new AddressPrefix(6, 0x2001_0db8_0000_0000L, 0, 32),
                                1024,
                                2048,
                                53,
                                53,
                                8,
                                3,
                                10),
                        new ClassifyRule(-1, null, null, null, -1, 65_535, -1, 65_535, -1, 0, -1)),
                compiler.compile(settings(qos, dns("127.0.0.1")))
                        .pipeline()
                        .classify()
                        .rules());
        QosSettings off = new QosSettings(false, qos.classes(), qos.rules());
        assertEquals(
                List.of(),
                compiler.compile(settings(off, dns("127.0.0.1")))
                        .pipeline()
                        .classify()
                        .rules());
    }

    @Test
    void shouldSayWhenAllNumbersAreUsedUp() throws Exception {
        Numbers<String> numbers = new Numbers<>(1, "services");
        assertEquals(0, numbers.of("a"));
        assertEquals(0, numbers.of("a"));
        SettingsException full = assertThrows(SettingsException.class, () -> numbers.of("b"));
        assertTrue(String.valueOf(full.getMessage()).contains("more than 1 different services"), full::getMessage);
    }

    private CompiledSettings compile(ServiceSettings... services) throws SettingsException {
        return compiler.compile(settings(QosSettings.DEFAULT, services));
    }

    static ProxySettings settings(QosSettings qos, ServiceSettings... services) {
        return new ProxySettings(
                Path.of("data"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT,
                qos,
                List.of(services),
                ProxySettings.LogLevel.INFO,
                "hash");
    }

    private static ServiceSettings web(String backendHost) {
        return ServiceSettings.builder("web")
                .listen(Protocol.TCP, "127.0.0.1", 8080)
                .backend("b1", backendHost, 80)
                .build();
    }

    private static SettingsCompiler resolving(String... addresses) {
        InetAddress[] all = Stream.of(addresses).map(InetAddress::ofLiteral).toArray(InetAddress[]::new);
        return new SettingsCompiler(new NameResolver(host -> all, Duration.ofSeconds(5)), 1);
    }

    private static ServiceSettings local(int port) {
        return ServiceSettings.builder("local")
                .listen(Protocol.TCP, "localhost", port)
                .backend("b1", "localhost", 80)
                .build();
    }

    private static ServiceSettings dns(String backendHost) {
        return ServiceSettings.builder("dns")
                .listen(Protocol.UDP, "127.0.0.1", 5353)
                .backend("b1", backendHost, 53)
                .build();
    }

    private static ServiceSettings both() {
        return ServiceSettings.builder("both")
                .listen(Protocol.TCP, "127.0.0.1", 53)
                .listen(Protocol.UDP, "127.0.0.1", 53)
                .backend("b1", "127.0.0.1", 5300)
                .build();
    }

    private static List<String> names(CompiledSettings compiled) {
        return compiled.services().stream()
                .map(service -> service.settings().name())
                .toList();
    }

    private static List<Integer> numbersOfBackends(CompiledSettings compiled) {
        return compiled.backends().stream()
                .map(backend -> backend.target().index())
                .toList();
    }

    private static List<String> listening(CompiledSettings compiled) {
        return compiled.listeners().stream()
                .map(listener -> listener.settings().name())
                .toList();
    }
}

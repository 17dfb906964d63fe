package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.health.BackendTraffic;
import io.marchproxy.l3l4.engine.health.HealthMonitor;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A name with three addresses of which the server has the last. */
@Timeout(60)
class BackendAddressesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final BackendDirectory directory = new BackendDirectory();

    @Test
    void shouldTryAddressesInTurnUntilOneAnswersAndKeepItOverAReload() throws Exception {
        try (HealthMonitor health = new HealthMonitor((target, healthy) -> {}, BackendTraffic.NONE, 1);
                ServerSocket server = new ServerSocket(Ports.free(), 50, InetAddress.ofLiteral("127.0.0.3"))) {
            CompiledSettings settings = settings(server.getLocalPort());
            BackendAddresses addresses = new BackendAddresses(settings, directory, health);
            addresses.watch();
            assertEquals("127.0.0.1", inUse());

            Await.until("the address that answers is found", PATIENCE, () -> {
                addresses.turn(System.nanoTime());
                HealthMonitor.Health state = health.health(0);
                return state != null && state.healthy() && inUse().equals("127.0.0.3");
            });
            addresses.publish(settings);
            assertEquals("127.0.0.3", inUse(), "a reload keeps what answers");

            CompiledSettings moved = settings.with(settings.backends().stream()
                    .map(backend -> withAddresses(backend, "127.0.0.4", "127.0.0.5"))
                    .toList());
            addresses.publish(moved);
            assertEquals("127.0.0.4", inUse(), "a name that has moved begins anew");
        }
    }

    @Test
    void shouldMoveWhenTheNameComesToMeanAnotherAddressAndOnlyThen() throws Exception {
        try (HealthMonitor health = new HealthMonitor((target, healthy) -> {}, BackendTraffic.NONE, 1)) {
            CompiledSettings settings = settings(9);
            BackendAddresses addresses = new BackendAddresses(settings, directory, health);
            assertEquals(List.of(), addresses.named(), "an address means itself for ever");

            addresses.renew(means(settings, "127.0.0.9", "127.0.0.1"));
            assertEquals("127.0.0.1", inUse(), "the address in use is still one of the name's");

            addresses.renew(means(settings, "127.0.0.7", "127.0.0.8"));
            assertEquals("127.0.0.7", inUse(), "it is no longer one of them");

            addresses.renew(List.of());
            assertEquals("127.0.0.7", inUse(), "nothing was found out");

            addresses.publish(settings.with(List.of()));
            addresses.renew(means(settings, "127.0.0.5"));
            addresses.publish(settings);
            assertEquals("127.0.0.1", inUse(), "a backend that was taken away meanwhile is passed over");
        }
    }

    private static List<CompiledBackend> means(CompiledSettings settings, String... names) {
        return settings.backends().stream()
                .map(backend -> withAddresses(backend, names))
                .toList();
    }

    private String inUse() {
        var target = directory.get(0);
        assertNotNull(target);
        return target.address().getAddress().getHostAddress();
    }

    private static CompiledSettings settings(int port) throws Exception {
        ServiceSettings service = ServiceSettings.builder("web")
                .listen(Protocol.TCP, "127.0.0.1", 0)
                .backend("b", "127.0.0.1", port)
                .build();
        CompiledSettings compiled = new SettingsCompiler()
                .compile(new ProxySettings(
                        Path.of("data"),
                        AdminSettings.DEFAULT,
                        EngineSettings.DEFAULT,
                        QosSettings.DEFAULT,
                        List.of(service),
                        ProxySettings.LogLevel.INFO,
                        "hash"));
        return compiled.with(compiled.backends().stream()
                .map(backend -> withAddresses(backend, "127.0.0.1", "127.0.0.2", "127.0.0.3"))
                .toList());
    }

    private static CompiledBackend withAddresses(CompiledBackend backend, String... addresses) {
        List<InetSocketAddress> all = List.of(addresses).stream()
                .map(address -> new InetSocketAddress(
                        InetAddress.ofLiteral(address), backend.settings().port()))
                .toList();
        return new CompiledBackend(backend.target(), backend.settings(), backend.service(), all).at(all.getFirst());
    }
}

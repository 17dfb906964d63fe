package io.marchproxy.l3l4.engine.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceBuilder;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordedNumbersTest {
    private static final BackendSettings AWS =
            new BackendSettings("aws", "10.0.0.1", 80, BackendSettings.Provider.AWS, "us-east-1", 0.09);
    private static final BackendSettings GCP =
            new BackendSettings("gcp", "10.0.0.2", 80, BackendSettings.Provider.GCP, "europe-west4", 0.08);

    private final PipelineSettings recorded = compiled(
            new SettingsCompiler(),
            service("web", "127.0.0.1", 80).backend(AWS).backend(GCP).build(),
            service("api", "::1", 81).backend("one", "10.0.0.3", 80).build());

    @Test
    void shouldRecordWhatNumbersStandFor() {
        assertEquals(
                new Names(
                        List.of(
                                new Names.Backend(0, 0, "aws", "10.0.0.1", 80, "aws", "us-east-1", 0.09),
                                new Names.Backend(1, 0, "gcp", "10.0.0.2", 80, "gcp", "europe-west4", 0.08),
                                new Names.Backend(2, 1, "one", "10.0.0.3", 80, "onprem", "local", 0)),
                        List.of(
                                new Names.Listener(0, 0, "127.0.0.1", 80),
                                new Names.Listener(1, 1, "0:0:0:0:0:0:0:1", 81))),
                recorded.names());
    }

    @Test
    void shouldKeepTheNumbersOfWhatIsStillThereWhateverItsOrder() throws Exception {
        PipelineSettings next = next(
                service("api", "::1", 81).backend("one", "10.0.0.99", 80).build(),
                service("new", "127.0.0.1", 82).backend(AWS).build(),
                service("web", "127.0.0.1", 80).backend(GCP).build());

        assertEquals(List.of("web", "api", "new"), names(next));
        assertEquals(List.of(1), next.route().pools().get(0).backends());
        assertEquals(List.of(2), next.route().pools().get(1).backends(), "the same by its id, at another address");
        assertEquals(List.of(3), next.route().pools().get(2).backends());
    }

    @Test
    void shouldKnowWhatIsLackingAsGone() throws Exception {
        PipelineSettings next =
                next(service("web", "127.0.0.1", 80).backend(AWS).build());

        ServiceProfile api = next.classify().services().get(1);
        assertEquals("api", api.name());
        assertFalse(api.active());
        assertEquals(List.of(), next.route().pools().get(1).backends());
    }

    @Test
    void shouldTakeAServiceOnTheSameAddressForTheOneThatIsGone() throws Exception {
        PipelineSettings next = next(
                service("web", "127.0.0.1", 80).backend(AWS).build(),
                service("interface", "::1", 81).backend("one", "10.0.0.3", 80).build());

        assertEquals(List.of("web", "interface"), names(next));
        assertTrue(next.classify().services().get(1).active());
        assertEquals(List.of(2), next.route().pools().get(1).backends());
    }

    @Test
    void shouldResolveNoName() throws Exception {
        PipelineSettings next = next(service("web", "127.0.0.1", 80)
                .backend("aws", "nobody.invalid", 80)
                .build());

        assertEquals("nobody.invalid", next.names().backends().getFirst().host());
        assertEquals(0, next.names().backends().getFirst().number());
    }

    @Test
    void shouldMatchServicesOfARecordingWithoutNames() throws Exception {
        PipelineSettings nameless = new PipelineSettings(
                1, "cafe", recorded.classify(), recorded.shape(), recorded.mark(), recorded.route());
        ProxySettings web =
                settings(service("web", "127.0.0.1", 80).backend(AWS).build());

        PipelineSettings next =
                SettingsCompiler.goingOnFrom(nameless, web).compile(web).pipeline();

        assertEquals(List.of("web", "api"), names(next));
        assertEquals(List.of(3), next.route().pools().get(0).backends(), "never a number that was another's");
    }

    private PipelineSettings next(ServiceSettings... services) throws SettingsException {
        ProxySettings settings = settings(services);
        return SettingsCompiler.goingOnFrom(recorded, settings)
                .compile(settings)
                .pipeline();
    }

    private static PipelineSettings compiled(SettingsCompiler compiler, ServiceSettings... services) {
        try {
            return compiler.compile(settings(services)).pipeline();
        } catch (SettingsException e) {
            throw new AssertionError(e);
        }
    }

    private static ProxySettings settings(ServiceSettings... services) {
        return new ProxySettings(
                Path.of("data"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT,
                QosSettings.DEFAULT,
                List.of(services),
                ProxySettings.LogLevel.INFO,
                "cafe");
    }

    private static ServiceBuilder service(String name, String host, int port) {
        return ServiceSettings.builder(name).listen(Protocol.TCP, host, port);
    }

    private static List<String> names(PipelineSettings settings) {
        return settings.classify().services().stream().map(ServiceProfile::name).toList();
    }
}

package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample in the docs is what a new user starts from. */
class SampleTest {
    static final Path SAMPLE = Path.of(System.getProperty("project.root"), "docs/examples/proxy-l3l4.yaml");

    @TempDir
    Path folder;

    @Test
    void shouldLoadTheSampleWithoutFaults() {
        ConfigResult result = ConfigLoader.load(SAMPLE, Map.of(), Overrides.none());

        assertEquals(List.of(), Faulty.formatted(result));
        ProxySettings settings = result.settings().orElseThrow();
        assertEquals(
                List.of("web", "dns", "iperf"),
                settings.services().stream().map(service -> service.name()).toList());
        assertEquals(3, settings.qos().rules().size());
    }

    @Test
    void shouldReadItsEffectiveFormBackToTheSameSettings() throws IOException {
        ConfigResult first = ConfigLoader.load(SAMPLE, Map.of(), Overrides.none());
        Path effective = Files.writeString(folder.resolve("effective.yaml"), first.effective());
        ConfigResult second = ConfigLoader.load(effective, Map.of(), Overrides.none());

        assertEquals(List.of(), Faulty.formatted(second));
        assertEquals(first.settings(), second.settings());
    }
}

package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.ConfigContent;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Settings of a configuration's text. */
final class TestConfigurations {
    private TestConfigurations() {}

    static ProxySettings of(String yaml) {
        try {
            Path file = Files.createTempFile("proxy", ".yaml");
            try {
                Files.writeString(file, yaml);
                ConfigResult result = ConfigLoader.load(file, ConfigContent.read(file), Map.of(), Overrides.none());
                assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
                return result.settings().orElseThrow();
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

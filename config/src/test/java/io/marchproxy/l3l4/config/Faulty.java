package io.marchproxy.l3l4.config;

import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Loads texts, and shows faults by the file's name alone. */
final class Faulty {
    private Faulty() {}

    static List<String> formatted(ConfigResult result) {
        return result.faults().stream()
                .map(Fault::format)
                .map(text -> text.replaceAll("[^ (]*/([^/:]+\\.yaml:)", "$1"))
                .toList();
    }

    static ConfigResult load(Path folder, String yaml) {
        return load(folder, yaml, Map.of(), Overrides.none());
    }

    static ConfigResult load(Path folder, String yaml, Map<String, String> environment, Overrides flags) {
        return load(folder, yaml.getBytes(StandardCharsets.UTF_8), environment, flags);
    }

    static ConfigResult load(Path folder, byte[] yaml, Map<String, String> environment, Overrides flags) {
        try {
            return ConfigLoader.load(Files.write(folder.resolve("proxy.yaml"), yaml), environment, flags);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

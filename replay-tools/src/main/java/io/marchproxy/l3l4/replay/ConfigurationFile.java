package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;

/** How the tools read a configuration: as {@code check} does, environment variables included, but without its flags. */
final class ConfigurationFile {
    private ConfigurationFile() {}

    /**
     * Reads and checks; tells every fault and warning with its line.
     *
     * @return empty when there are faults: the command ends with 2
     */
    static Optional<ProxySettings> read(Path file, PrintWriter err) {
        ConfigResult read = ConfigLoader.load(file, System.getenv(), Overrides.none());
        read.faults().forEach(fault -> err.println(fault.format()));
        read.warnings().forEach(warning -> err.println("warning: " + warning.format()));
        return read.settings();
    }
}

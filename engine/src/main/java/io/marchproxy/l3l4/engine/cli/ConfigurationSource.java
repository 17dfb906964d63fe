package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration comes from. It can be read again.
 *
 * @param file or null, when flags and environment say it all
 */
record ConfigurationSource(@Nullable Path file, Overrides flags) {
    /**
     * Reads everything anew.
     *
     * @throws FaultsException that tells all that is wrong
     */
    ProxySettings read() throws FaultsException {
        ConfigResult result = ConfigLoader.load(file, System.getenv(), flags);
        if (result.settings().isPresent()) {
            return result.settings().get();
        }
        throw new FaultsException(result.faults().stream().map(Fault::format).toList());
    }
}

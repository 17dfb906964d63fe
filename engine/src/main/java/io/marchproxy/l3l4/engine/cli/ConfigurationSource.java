package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the configuration comes from. It can be read again.
 *
 * @param file or null, when flags and environment say it all
 */
record ConfigurationSource(@Nullable Path file, Overrides flags) {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationSource.class);

    /**
     * Reads everything anew, and logs what is written and has no effect.
     *
     * @throws FaultsException that tells all that is wrong
     */
    ProxySettings read() throws FaultsException {
        ConfigResult result = ConfigLoader.load(file, System.getenv(), flags);
        if (result.settings().isPresent()) {
            result.warnings().forEach(warning -> LOG.warn("{}", warning.format()));
            return result.settings().get();
        }
        throw new FaultsException(result.faults().stream().map(Fault::format).toList());
    }
}

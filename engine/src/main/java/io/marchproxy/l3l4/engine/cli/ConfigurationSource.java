package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.ConfigContent;
import io.marchproxy.l3l4.config.source.Overrides;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the configuration comes from.
 *
 * @param file or null, when flags and environment say it all
 */
record ConfigurationSource(@Nullable Path file, Overrides flags) {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationSource.class);

    /** What a reading found, and what the file held then: nothing without a file. */
    record Reading(ConfigResult result, @Nullable ConfigContent content) {
        /**
         * The settings; logs what is written and has no effect.
         *
         * @throws FaultsException that tells all that is wrong
         */
        ProxySettings settings() throws FaultsException {
            if (result.settings().isPresent()) {
                result.warnings().forEach(warning -> LOG.warn("{}", warning.format()));
                return result.settings().get();
            }
            throw new FaultsException(
                    result.faults().stream().map(Fault::format).toList());
        }

        String digest() {
            return content == null ? "" : content.digest();
        }

        /** Whether there is a file that can be read again and be watched. */
        boolean repeatable() {
            return content != null && !content.pipe();
        }
    }

    /** Reads everything for the first time, a pipe included. */
    Reading read() {
        return file == null
                ? new Reading(ConfigLoader.load(System.getenv(), flags), null)
                : check(file, ConfigContent.read(file));
    }

    /** Reads everything anew, out of a file: a pipe has nothing to say a second time. */
    Reading readAgain(Path again) {
        return check(again, ConfigContent.readFile(again));
    }

    private Reading check(Path path, ConfigContent content) {
        return new Reading(ConfigLoader.load(path, content, System.getenv(), flags), content);
    }
}

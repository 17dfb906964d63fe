package io.marchproxy.l3l4.config;

import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import java.util.List;
import java.util.Optional;

/**
 * What reading a configuration gave: settings, or every fault at once.
 *
 * @param settings present exactly when there are no faults
 * @param faults in the order of the file, then those of variables and flags
 * @param warnings what is written and has no effect, in the same order; empty with faults
 * @param effective what holds in the end, as YAML with each value's source as a comment, secrets masked; empty with faults
 */
public record ConfigResult(
        Optional<ProxySettings> settings, List<Fault> faults, List<Fault> warnings, String effective) {
    public ConfigResult {
        faults = List.copyOf(faults);
        warnings = List.copyOf(warnings);
    }
}

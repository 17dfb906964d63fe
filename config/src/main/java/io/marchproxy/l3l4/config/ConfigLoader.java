package io.marchproxy.l3l4.config;

import io.marchproxy.l3l4.config.bind.Bound;
import io.marchproxy.l3l4.config.bind.Effective;
import io.marchproxy.l3l4.config.bind.SectionReader;
import io.marchproxy.l3l4.config.bind.SettingsBinder;
import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.source.ConfigContent;
import io.marchproxy.l3l4.config.source.Overlay;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.config.tree.Mapping;
import io.marchproxy.l3l4.config.tree.YamlReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the configuration from all its sources: flag over environment over file over default. */
public final class ConfigLoader {
    private ConfigLoader() {}

    /**
     * Reads and checks. Whatever the sources hold, this returns: nothing is thrown, what is wrong becomes a fault.
     *
     * @param file the YAML, named in faults as it is given here; null to run by flags and environment alone
     * @param environment the process's variables
     * @param flags of the command
     */
    public static ConfigResult load(@Nullable Path file, Map<String, String> environment, Overrides flags) {
        return file == null ? load(environment, flags) : load(file, ConfigContent.read(file), environment, flags);
    }

    /** Checks a configuration by flags and environment alone. */
    public static ConfigResult load(Map<String, String> environment, Overrides flags) {
        return load(Optional.of(new Mapping(Origin.Unwritten.COMMAND_LINE)), environment, flags, new Faults());
    }

    /**
     * Checks what was read already.
     *
     * @param file only named
     */
    public static ConfigResult load(
            Path file, ConfigContent content, Map<String, String> environment, Overrides flags) {
        Faults faults = new Faults();
        if (content.problem().isPresent()) {
            faults.add(
                    Origin.Unwritten.COMMAND_LINE,
                    "the configuration " + file + " " + content.problem().get());
            return load(Optional.empty(), environment, flags, faults);
        }
        return load(
                new YamlReader(file.toString(), environment, faults).read(content.bytes()), environment, flags, faults);
    }

    private static ConfigResult load(
            Optional<Mapping> root, Map<String, String> environment, Overrides flags, Faults faults) {
        if (root.isEmpty()) {
            // The file cannot be understood; flags and variables can, and are told of in the same message.
            Faults outer = new Faults();
            read(new Mapping(Origin.Unwritten.COMMAND_LINE), environment, flags, outer);
            faults.addOuter(outer);
            return refused(faults);
        }
        Bound bound = read(root.get(), environment, flags, faults);
        if (!faults.isEmpty()) {
            return refused(faults);
        }
        Faults warnings = new Faults();
        SettingsBinder.warn(bound, warnings);
        return new ConfigResult(
                Optional.of(SettingsBinder.bind(bound)), List.of(), warnings.sorted(), Effective.show(bound));
    }

    private static ConfigResult refused(Faults faults) {
        return new ConfigResult(Optional.empty(), faults.sorted(), List.of(), "");
    }

    private static Bound read(Mapping root, Map<String, String> environment, Overrides flags, Faults faults) {
        Overlay.apply(root, environment, flags, faults);
        Bound bound = new SectionReader(faults).read(root);
        SettingsBinder.conclude(bound, faults);
        return bound;
    }
}

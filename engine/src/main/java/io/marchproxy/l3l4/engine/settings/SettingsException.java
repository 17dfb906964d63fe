package io.marchproxy.l3l4.engine.settings;

import java.util.List;

/** A configuration that is well formed but can't be put to work here, such as one with a host name that nobody knows. */
public final class SettingsException extends Exception {
    private static final long serialVersionUID = 1;

    /** All faults at once, one line each. */
    public SettingsException(List<String> faults) {
        super(String.join("\n", faults));
    }
}

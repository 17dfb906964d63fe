package io.marchproxy.l3l4.engine.cli;

import java.util.List;

/** A configuration has faults. */
final class FaultsException extends Exception {
    private static final long serialVersionUID = 1;

    /** One line each, in the order of the file. */
    private final transient List<String> lines;

    FaultsException(List<String> lines) {
        super(String.join(System.lineSeparator(), lines));
        this.lines = List.copyOf(lines);
    }

    List<String> lines() {
        return lines;
    }
}

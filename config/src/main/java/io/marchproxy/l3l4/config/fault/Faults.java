package io.marchproxy.l3l4.config.fault;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects faults while a configuration is read, so that all of them are told at once. Not for several threads. */
public final class Faults {
    /** Told at the most; who has more is told so. */
    public static final int MOST = 200;

    private final Set<Fault> faults = new LinkedHashSet<>();
    private int untold;

    /** Adds a fault about something that has no path. */
    public void add(Origin origin, String message) {
        Fault fault = new Fault(origin, message);
        if (faults.size() < MOST) {
            faults.add(fault);
        } else if (!faults.contains(fault)) {
            untold++;
        }
    }

    /** Adds a fault about the key of a path, called as its origin calls it. */
    public void add(Origin origin, String path, String message) {
        String label = origin.label(path);
        add(origin, label.isEmpty() ? message : label + ": " + message);
    }

    /** Takes over the faults of what was written outside of files. */
    public void addOuter(Faults other) {
        for (Fault fault : other.faults) {
            if (fault.origin() instanceof Origin.Variable || fault.origin() instanceof Origin.Flag) {
                add(fault.origin(), fault.message());
            }
        }
    }

    public boolean isEmpty() {
        return faults.isEmpty();
    }

    /** All faults, those of a file by line. */
    public List<Fault> sorted() {
        List<Fault> sorted = new ArrayList<>(faults);
        sorted.sort(Comparator.comparingInt(fault -> fault.origin().rank()));
        if (untold > 0) {
            sorted.add(new Fault(Origin.Unwritten.COMMAND_LINE, "and " + untold + " more faults that are not listed"));
        }
        return List.copyOf(sorted);
    }
}

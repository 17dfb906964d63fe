package io.marchproxy.l3l4.engine.shard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The backends' addresses by number: an immutable array that the control plane replaces and every shard reads. */
public final class BackendDirectory {
    private volatile @Nullable BackendTarget[] targets = new BackendTarget[0];

    /**
     * Puts addresses into force; element i is backend i's. A backend that has none any more keeps the one it had: a
     * connection may be on its way there by a decision under the former configuration, and numbers are never given twice.
     */
    public synchronized void publish(@Nullable BackendTarget[] replacement) {
        @Nullable BackendTarget[] before = targets;
        @Nullable BackendTarget[] after = Arrays.copyOf(before, Math.max(before.length, replacement.length));
        for (int i = 0; i < replacement.length; i++) {
            if (replacement[i] != null) {
                after[i] = replacement[i];
            }
        }
        targets = after;
    }

    /** The backend with this number, or null when it never had an address. */
    public @Nullable BackendTarget get(int index) {
        @Nullable BackendTarget[] now = targets;
        return index >= 0 && index < now.length ? now[index] : null;
    }

    /** How many numbers are given out. */
    public int size() {
        return targets.length;
    }
}

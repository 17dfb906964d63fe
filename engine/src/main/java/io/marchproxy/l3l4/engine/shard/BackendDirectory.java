package io.marchproxy.l3l4.engine.shard;

import org.jspecify.annotations.Nullable;

/** The backends' addresses by number: an immutable array that the control plane replaces and every shard reads. */
public final class BackendDirectory {
    private volatile @Nullable BackendTarget[] targets = new BackendTarget[0];

    /** Replaces the whole directory. Element i is backend i, or null when it is gone or unresolved. */
    public void publish(@Nullable BackendTarget[] replacement) {
        targets = replacement.clone();
    }

    /** The backend with this number, or null. */
    public @Nullable BackendTarget get(int index) {
        @Nullable BackendTarget[] now = targets;
        return index >= 0 && index < now.length ? now[index] : null;
    }

    /** How many numbers are given out. */
    public int size() {
        return targets.length;
    }
}

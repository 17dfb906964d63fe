package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import java.nio.file.Path;
import java.time.InstantSource;

/** Journals whose wall clock a test sets. */
public final class JournalsAt {
    private JournalsAt() {}

    /** The journals of a service of one shard. */
    public static Journals open(Path dataDir, JournalSettings settings, InstantSource wall) throws JournalException {
        return Journals.open(dataDir, settings, 1, wall);
    }
}

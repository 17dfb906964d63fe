package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import java.io.IOException;
import java.nio.file.Path;

/** Journals for the tests of other packages. */
public final class SyntheticFlows {
    private SyntheticFlows() {}

    /**
     * Records datagrams of 64 bytes from a thousand clients in turns.
     *
     * @param ended whether all flows come to their end; otherwise they live on
     */
    public static void record(Path data, JournalSettings.Mode mode, int datagrams, boolean ended) throws IOException {
        try (Synthetic synthetic = new Synthetic(data, mode, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(datagrams);
            if (ended) {
                synthetic.silence();
            }
        }
    }
}

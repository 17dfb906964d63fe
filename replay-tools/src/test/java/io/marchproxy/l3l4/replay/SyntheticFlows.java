package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

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

    /** Records datagrams until there are so many files, and then the flows' ends; answers how many datagrams. */
    public static int recordFiles(Path data, JournalSettings.Mode mode, int files) throws IOException {
        int datagrams = 0;
        Path shard = data.resolve("journal/shard-0");
        try (Synthetic synthetic = new Synthetic(data, mode, Synthetic.settings(18), Synthetic.settings(18))) {
            while (!Files.isDirectory(shard) || count(shard) < files) {
                synthetic.datagrams(10_000);
                datagrams += 10_000;
                if (mode == JournalSettings.Mode.FLOWS) {
                    // Or nothing more would be recorded of the same few flows.
                    synthetic.silence();
                }
            }
            synthetic.silence();
        }
        return datagrams;
    }

    private static long count(Path shard) throws IOException {
        try (Stream<Path> all = Files.list(shard)) {
            return all.filter(file -> file.toString().endsWith(".cq4")).count();
        }
    }

    /** Records packets of a pipeline that marks otherwise than its journal is told. */
    public static void recordALie(Path data, int datagrams) throws IOException {
        try (Synthetic synthetic =
                new Synthetic(data, JournalSettings.Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(20))) {
            synthetic.datagrams(datagrams);
        }
    }
}

package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
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

    /** Records datagrams of a thousand clients in turns, whose flows live on, from a moment of the wall clock on. */
    public static void recordUnended(Path data, JournalSettings.Mode mode, int datagrams, InstantSource wall)
            throws IOException {
        try (Synthetic synthetic = Synthetic.at(data, mode, Synthetic.settings(18), wall)) {
            synthetic.datagrams(datagrams);
        }
    }

    /**
     * Records two starts of the service at the same moment by the wall clock, and of each the datagrams of a thousand clients in turns;
     * the second knows the sessions of the first.
     */
    public static void recordTwoStarts(Path data, JournalSettings.Mode mode, int datagrams) throws IOException {
        InstantSource stopped = InstantSource.fixed(Instant.parse("2026-11-26T12:00:00Z"));
        try (Synthetic first = Synthetic.at(data, mode, Synthetic.settings(18), stopped)) {
            first.datagrams(datagrams).silence();
        }
        try (Synthetic second = Synthetic.at(data, mode, Synthetic.settings(18), stopped)) {
            second.remembers(1_000, datagrams / 1_000).datagrams(datagrams).silence();
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

package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.Machine;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is committed: each workload's ratio and by how much it may be exceeded.
 *
 * @param cpu model that it was made on: ratios of other processors differ
 * @param entries by workload
 */
record Baseline(String cpu, SortedMap<String, Entry> entries) {
    /** Tolerance of a workload that has none of its own yet. */
    static final int TOLERANCE_PERCENT = 20;

    private static final String RATIO = ".ratio";
    private static final String TOLERANCE = ".tolerance-percent";
    private static final String CPU = "cpu";

    /**
     * One workload's line.
     *
     * @param ratio to the calibration kernel
     * @param tolerancePercent by which the ratio may be exceeded
     */
    record Entry(double ratio, int tolerancePercent) {}

    /**
     * The file that was made on a processor: of those in a folder, the one that names it; where none does, the first in order,
     * which is {@code baseline.properties}.
     *
     * @throws IOException if one can't be read
     */
    static Path fileFor(String cpu, Path folder) throws IOException {
        Path first = folder.resolve("baseline.properties");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "baseline*.properties")) {
            for (Path file : files) {
                if (read(file).cpu().equals(cpu)) {
                    return file;
                }
            }
        }
        return first;
    }

    /** Where to write a baseline of a processor: over its own, over none of another's. */
    static Path newFileFor(String cpu, Path folder) throws IOException {
        Path file = fileFor(cpu, folder);
        boolean anothers = Files.exists(file) && !read(file).cpu().equals(cpu);
        String slug = cpu.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("-$", "");
        return anothers ? folder.resolve("baseline-" + slug + ".properties") : file;
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it can't be read, or says something that is no number
     */
    static Baseline read(Path file) throws IOException {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        SortedMap<String, Entry> entries = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            if (key.endsWith(RATIO)) {
                String name = key.substring(0, key.length() - RATIO.length());
                entries.put(name, entry(file, properties, name));
            }
        }
        return new Baseline(properties.getProperty(CPU, ""), entries);
    }

    private static Entry entry(Path file, Properties properties, String name) throws IOException {
        try {
            return new Entry(
                    Double.parseDouble(properties.getProperty(name + RATIO)),
                    Integer.parseInt(properties.getProperty(name + TOLERANCE, String.valueOf(TOLERANCE_PERCENT))));
        } catch (NumberFormatException e) {
            throw new IOException(file + ": " + name + ": " + e.getMessage(), e);
        }
    }

    /** This baseline with ratios measured anew; tolerances stay, and what is not measured any more goes. */
    Baseline updated(SortedMap<String, Measured> measured) {
        SortedMap<String, Entry> updated = new TreeMap<>();
        for (Map.Entry<String, Measured> now : measured.entrySet()) {
            Entry before = entries.get(now.getKey());
            updated.put(
                    now.getKey(),
                    new Entry(now.getValue().ratio(), before == null ? TOLERANCE_PERCENT : before.tolerancePercent()));
        }
        return new Baseline(Machine.here().cpu(), updated);
    }

    /** Writes the file that {@link #read} reads. */
    void write(Path file) throws IOException {
        StringBuilder text = new StringBuilder()
                .append(
                        "# What bin/bench gate compares with: a workload's time as a multiple of the calibration kernel's, and by how\n")
                .append("# much it may be exceeded. Made by: bin/bench gate --update-baseline\n")
                .append("# ")
                .append(Machine.here().describe())
                .append('\n')
                .append(CPU + " = ")
                .append(cpu)
                .append('\n');
        entries.forEach((name, entry) -> text.append(String.format(
                Locale.ROOT,
                "%n%s%s = %.4f%n%s%s = %d%n",
                name,
                RATIO,
                entry.ratio(),
                name,
                TOLERANCE,
                entry.tolerancePercent())));
        Files.writeString(file, text);
    }
}

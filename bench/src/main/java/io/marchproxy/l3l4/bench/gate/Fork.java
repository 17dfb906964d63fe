package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Measures in a fresh JVM with this one's flags. The JIT's choices differ a little from start to start and then stay: only
 * another start is a second opinion.
 */
final class Fork {
    private static final String PREFIX = "measured";

    private final String plant;

    /** Forks that plant a slow-down ({@code NAME=PERCENT}), or none (an empty string). */
    Fork(String plant) {
        this.plant = plant;
    }

    /**
     * Measures all workloads.
     *
     * @throws IOException if the JVM does not start or fails
     */
    SortedMap<String, Measured> measure() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        SortedMap<String, Measured> measured = new TreeMap<>();
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String[] words = line.split(" ");
                if (words.length == 4 && words[0].equals(PREFIX)) {
                    measured.put(words[1], new Measured(Double.parseDouble(words[2]), Double.parseDouble(words[3])));
                }
            }
        }
        int exitCode = process.waitFor();
        if (exitCode != 0) {
            throw new IOException("the measuring JVM ended with exit code " + exitCode);
        }
        return measured;
    }

    private List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "gate"));
        command.add("--measure");
        if (!plant.isEmpty()) {
            command.add("--plant=" + plant);
        }
        return command;
    }

    /** A line of the measuring JVM's output. */
    static String line(String name, Measured measured) {
        return PREFIX + " " + name + " " + measured.ratio() + " " + measured.nsPerOperation();
    }
}

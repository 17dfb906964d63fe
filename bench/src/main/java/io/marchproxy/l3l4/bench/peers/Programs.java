package io.marchproxy.l3l4.bench.peers;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Programs of the machine. */
public final class Programs {
    private static final List<String> SYSTEM_FOLDERS = List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

    private Programs() {}

    /** Those of the names that stand neither on the PATH nor in a folder for system programs. */
    public static List<String> missing(List<String> names) {
        return names.stream().filter(name -> !isThere(name)).toList();
    }

    /**
     * Checks for what a namespace of one's own takes, and what runs in it.
     *
     * @param packages of Debian that have the programs
     * @throws UnavailableException if something is missing
     */
    public static void require(List<String> programs, String packages) throws IOException {
        if (!Proc.isRoot()) {
            throw new UnavailableException("needs root, for network namespaces of its own");
        }
        List<String> missing = missing(programs);
        if (!missing.isEmpty()) {
            throw new UnavailableException(
                    "missing here: " + String.join(", ", missing) + " (Debian: apt install " + packages + ")");
        }
    }

    private static boolean isThere(String name) {
        String path = System.getenv("PATH");
        return Stream.concat(Stream.of((path == null ? "" : path).split(File.pathSeparator)), SYSTEM_FOLDERS.stream())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    }

    /**
     * Runs a program to its end.
     *
     * @return what it wrote on both streams
     * @throws IOException with its output, if it ends with another code than 0
     */
    public static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new IOException(String.join(" ", command) + " ended with " + code + ": " + output.strip());
            }
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    /** The first line in which a program says its version, or {@code ?}. */
    public static String version(String... command) throws InterruptedException {
        try {
            return run(List.of(command)).lines().findFirst().orElse("?").strip();
        } catch (IOException e) {
            return "?";
        }
    }
}

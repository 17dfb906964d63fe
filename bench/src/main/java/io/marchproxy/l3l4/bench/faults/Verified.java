package io.marchproxy.l3l4.bench.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What {@code replay-tools verify} says of a recording.
 *
 * @param code 0 for no difference, 1 for one, of which the first is shown; else it could not be verified. Negative: nothing was recorded
 * @param bytes of the recording on disk
 * @param text what it printed, and where the recording is if it stays
 */
record Verified(int code, long bytes, String text) {
    static final Verified NOTHING = new Verified(-1, 0, "not recorded");

    private static final double MEGABYTE = 1e6;

    /** Verifies a data folder whose service has stopped. */
    static Verified of(Path root, Path data) throws IOException, InterruptedException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        List<String> command = List.of(root.resolve("bin/replay-tools").toString(), "verify", data.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int code = process.waitFor();
            return new Verified(code, bytes, code == 0 ? output : output + "\nthe recording stays: " + data);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Whether something was recorded, and was not decided again as it was. */
    boolean differs() {
        return code > 0;
    }

    /** As a cell of a table: how many differences. */
    String cell() {
        return switch (code) {
            case -1 -> "–";
            case 0 -> "0";
            case 1 -> "≥ 1";
            default -> "?";
        };
    }

    /** In a report, after a kind's name. */
    String describe() {
        return code < 0 ? text : String.format(Locale.ROOT, "%s; %.1f MB on disk", text, bytes / MEGABYTE);
    }
}

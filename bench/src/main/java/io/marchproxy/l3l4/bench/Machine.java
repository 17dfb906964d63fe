package io.marchproxy.l3l4.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * What a figure was measured on, without which it says nothing.
 *
 * @param cpu the processor's model
 * @param cores that this process may use
 * @param kernel operating system and its version
 * @param jdk runtime and its version
 */
public record Machine(String cpu, int cores, String kernel, String jdk) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** The machine under this process. */
    public static Machine here() {
        return new Machine(
                cpuModel(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vendor.version", "") + " " + Runtime.version());
    }

    /** Hypervisors often hide the model's name, but leave family and model number, which tell generations apart. */
    private static String cpuModel() {
        try {
            List<String> lines = Files.readAllLines(CPU_INFO);
            return value(lines, "model name", System.getProperty("os.arch")) + " (family "
                    + value(lines, "cpu family", "?") + ", model " + value(lines, "model", "?") + ")";
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static String value(List<String> lines, String key, String otherwise) {
        return lines.stream()
                .map(line -> line.split(":", 2))
                .filter(parts -> parts.length == 2 && parts[0].strip().equals(key))
                .map(parts -> parts[1].strip())
                .findFirst()
                .orElse(otherwise);
    }

    /** One line, with the present date and time. */
    public String describe() {
        String now = ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'"));
        return cpu + ", " + cores + " cores · " + kernel + " · " + jdk.strip() + " · " + now;
    }
}

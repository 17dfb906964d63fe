package io.marchproxy.l3l4.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code <data-dir>/spent}: what services have spent on a day, so that a restart does not spend a daily budget again.
 * Text, one service a line, with a checksum; replaced as a whole. A process that is killed finds what was written last. It is not
 * forced to the disk: after a loss of power it may be torn, which is told, and begins from nothing.
 *
 * <pre>
 * proxy-l3l4 spent, layout 1
 * day 20783
 * 12.25 web/tcp
 * crc32c 1c291ca3
 * </pre>
 */
final class SpentFile {
    private static final Logger LOG = LoggerFactory.getLogger(SpentFile.class);
    private static final String TITLE = "proxy-l3l4 spent, layout 1";
    private static final String DAY = "day ";
    private static final String CHECKSUM = "crc32c ";

    /** Longer than what any configuration has services for. */
    private static final long LONGEST = 16 << 20;

    private final Path path;
    private Sums written = new Sums(Long.MIN_VALUE, Map.of());
    private boolean isTold;

    /**
     * What was spent on a day.
     *
     * @param day in days since 1970 (UTC)
     * @param byService money, by name and protocol, such as {@code web/tcp}
     */
    record Sums(long day, Map<String, Double> byService) {
        Sums {
            byService = Map.copyOf(byService);
        }

        /** What a service had spent on a day. */
        double of(String service, long onDay) {
            return day == onDay ? byService.getOrDefault(service, 0.0) : 0;
        }
    }

    /** A file that may not be there yet. */
    SpentFile(Path dataDir) {
        path = dataDir.resolve("spent");
    }

    /** What it says; nothing when it is not there, or can't be believed, which is told. */
    Sums read() {
        try {
            if (!Files.exists(path)) {
                return written;
            }
            if (Files.size(path) > LONGEST) {
                throw new IllegalArgumentException("it is too long");
            }
            return parse(Files.readString(path, StandardCharsets.UTF_8));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn(
                    "daily budgets: {} is not as this version writes it ({}); what was spent today counts from 0",
                    path,
                    e.getMessage());
            return written;
        }
    }

    private static Sums parse(String text) {
        int end = text.lastIndexOf(CHECKSUM);
        if (!text.startsWith(TITLE + "\n") || end < 0) {
            throw new IllegalArgumentException(text.isEmpty() ? "it is empty" : "it is another file, or cut short");
        }
        String content = text.substring(0, end);
        if (!text.substring(end).equals(checksum(content))) {
            throw new IllegalArgumentException("its checksum is wrong");
        }
        List<String> lines = content.lines().toList();
        Map<String, Double> sums = new TreeMap<>();
        for (String line : lines.subList(2, lines.size())) {
            int space = line.indexOf(' ');
            double sum = Double.parseDouble(line.substring(0, space));
            if (!(sum >= 0 && sum < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(sum + " is no sum");
            }
            sums.put(line.substring(space + 1), sum);
        }
        return new Sums(Long.parseLong(lines.get(1).substring(DAY.length())), sums);
    }

    private static String checksum(String content) {
        CRC32C crc = new CRC32C();
        crc.update(content.getBytes(StandardCharsets.UTF_8));
        return CHECKSUM + HexFormat.of().toHexDigits((int) crc.getValue()) + "\n";
    }

    /** Replaces it, if it says something else. That it can't be written is told once; what is spent is counted all the same. */
    void write(Sums sums) {
        if (sums.equals(written)) {
            return;
        }
        StringBuilder text = new StringBuilder(TITLE).append('\n');
        text.append(DAY).append(sums.day()).append('\n');
        new TreeMap<>(sums.byService())
                .forEach((service, sum) ->
                        text.append(sum).append(' ').append(service).append('\n'));
        String content = text.toString();
        Path draft = path.resolveSibling("spent.new");
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            Files.writeString(draft, content + checksum(content), StandardCharsets.UTF_8);
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
            written = sums;
            isTold = false;
        } catch (IOException e) {
            if (!isTold) {
                isTold = true;
                LOG.warn(
                        "daily budgets: {} can't be written ({}); a restart will count from what it says",
                        path,
                        e.toString());
            }
        }
    }
}

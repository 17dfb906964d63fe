package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.replay.UnreadableException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an HdrHistogram log (versions 1.0 to 1.3) line by line. Lines are taken apart here rather than by the library's reader,
 * which can't say where a file is wrong and takes a last line that was cut short for an error. The histograms are the library's.
 */
final class HlogFile implements AutoCloseable {
    private static final int LONGEST_LINE = 16 << 20;
    private static final Pattern LINE = Pattern.compile(
            "(?:Tag=([^,\\s]*),)?([0-9]+(?:\\.[0-9]+)?),([0-9]+(?:\\.[0-9]+)?),([0-9]+(?:\\.[0-9]+)?),([A-Za-z0-9+/]+=*)");
    private static final Pattern TIME = Pattern.compile("#\\[(StartTime|BaseTime): ([0-9]+(?:\\.[0-9]+)?).*");

    /** As the format's own reader has it: lines that are older than the log by a year count from its start. */
    private static final double LONG_AGO_SECONDS = 365 * 24 * 3600.0;

    private static final double MILLIS = 1e3;

    private final Path path;
    private final InputStream bytes;
    private final String nameOfFile;
    private int number;
    private boolean cutShort;
    private boolean ended;
    private double startSeconds = Double.NaN;
    private double baseSeconds = Double.NaN;

    HlogFile(Path path) throws IOException {
        this.path = path;
        if (Files.isDirectory(path)) {
            throw new UnreadableException(path + " is a folder; name the .hlog files in it");
        }
        if (!Files.exists(path)) {
            throw new UnreadableException(path + " is not there");
        }
        bytes = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        nameOfFile = String.valueOf(path.getFileName()).replaceFirst("\\.[^.]*$", "");
    }

    /** The next interval's line, or null at the end. */
    @Nullable
    HlogLine next() throws IOException {
        while (true) {
            String text = line();
            if (text == null) {
                return null;
            }
            if (text.startsWith("#")) {
                comment(text);
            } else if (!text.isBlank() && !text.startsWith("\"StartTimestamp\"")) {
                Matcher line = LINE.matcher(text);
                if (line.matches()) {
                    HlogLine interval = interval(line);
                    if (!ended || interval.isSound()) {
                        return interval;
                    }
                } else if (!ended) {
                    throw new UnreadableException(path + ":" + number + ": is no line of an HdrHistogram log: "
                            + text.substring(0, Math.min(text.length(), 60)));
                }
                cutShort = true;
            }
        }
    }

    private HlogLine interval(Matcher line) throws UnreadableException {
        double start = Double.parseDouble(line.group(2));
        double length = Double.parseDouble(line.group(3));
        if (Double.isNaN(startSeconds)) {
            startSeconds = start;
        }
        if (Double.isNaN(baseSeconds)) {
            baseSeconds = start < startSeconds - LONG_AGO_SECONDS ? startSeconds : 0;
        }
        double absolute = baseSeconds + start;
        String tag = line.group(1);
        return new HlogLine(
                path + ":" + number,
                tag == null ? nameOfFile : tag,
                Math.round(absolute * MILLIS),
                Math.round((absolute + length) * MILLIS),
                line.group(5));
    }

    private void comment(String text) {
        Matcher time = TIME.matcher(text);
        if (time.matches()) {
            double seconds = Double.parseDouble(time.group(2));
            if (time.group(1).equals("StartTime")) {
                startSeconds = seconds;
            } else {
                baseSeconds = seconds;
            }
        }
    }

    /** Whether the last line was left out because it was not written to its end. */
    boolean isCutShort() {
        return cutShort;
    }

    Path path() {
        return path;
    }

    /** The next line without its end, or null; {@code ended} says that it had none. */
    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        int next;
        while ((next = bytes.read()) >= 0 && next != '\n') {
            line.write(next);
            if (line.size() > LONGEST_LINE) {
                throw new UnreadableException(path + ":" + (number + 1)
                        + ": is no line of an HdrHistogram log: longer than " + LONGEST_LINE + " bytes");
            }
        }
        if (next < 0) {
            ended = true;
            if (line.size() == 0) {
                return null;
            }
        }
        number++;
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}

package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/REPLAY.md tells to type under Flows and Latencies does what it says. */
class DocumentedCommandsTest {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|([^ ]+)");

    @TempDir
    Path folder;

    @Test
    void shouldRunAsWritten() throws Exception {
        SyntheticFlows.record(Files.createDirectory(folder.resolve("data")), Mode.FLOWS, 2_000, true);
        Files.createDirectory(folder.resolve("data/latency"));
        for (String log : List.of("data/latency/shard-0.hlog", "after.hlog", "before.hlog")) {
            write(folder.resolve(log));
        }
        String page = Files.readString(Path.of(System.getProperty("project.root"), "docs", "REPLAY.md"));
        List<String> commands = page.lines()
                .filter(line -> line.matches("bin/replay-tools (flows|latency) .*"))
                .toList();
        assertTrue(commands.size() >= 10, commands::toString);
        for (String command : commands) {
            Tools.Outcome outcome = Tools.run(arguments(command));
            assertEquals(0, outcome.exitCode(), () -> command + ": " + outcome);
        }
        assertTrue(Files.size(folder.resolve("flows.parquet")) > 0);
        assertTrue(Files.size(folder.resolve("difference.svg")) > 0);
    }

    /** As a shell would hand them over, with files in this test's folder. */
    private Object[] arguments(String command) {
        List<Object> arguments = new ArrayList<>();
        Matcher word = WORD.matcher(command.replaceFirst(" +#.*", "").replaceFirst("^bin/replay-tools ", ""));
        while (word.find()) {
            String text = word.group(1) == null ? word.group(2) : word.group(1);
            boolean isFile = word.group(1) == null && text.matches("data|.*\\.(hlog|svg|parquet)");
            arguments.add(isFile ? folder.resolve(text.replace('*', '0')).toString() : text);
        }
        return arguments.toArray();
    }

    /** A minute of fast packets, of the stage that the page asks for. */
    private static void write(Path file) throws FileNotFoundException {
        HistogramLogWriter log = new HistogramLogWriter(file.toFile());
        log.outputLogFormatVersion();
        for (int second = 0; second < 60; second++) {
            Histogram line = new Histogram(2);
            line.setTag("total");
            line.recordValue(10_000 + second);
            line.setStartTimeStamp(1_795_702_400_000L + second * 1_000L);
            line.setEndTimeStamp(1_795_702_401_000L + second * 1_000L);
            log.outputIntervalHistogram(line);
        }
        log.close();
    }
}

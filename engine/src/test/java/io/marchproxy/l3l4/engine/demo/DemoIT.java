package io.marchproxy.l3l4.engine.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {

    @TempDir
    private Path folder;

    @Test
    void shouldPassAsItsUsersRunIt() throws Exception {
        List<String> command = ProxyLauncher.commandLine("demo", "--seconds=4", "--data-dir=" + folder);
        RealProgram.Outcome outcome =
                RealProgram.of(command).timeout(Duration.ofSeconds(60)).run();

        assertEquals(0, outcome.exitCode(), outcome::all);
        assertTrue(outcome.out().contains("PASSED: nothing lost"), outcome::all);
        assertTrue(outcome.out().endsWith(Files.readString(folder.resolve("report.txt"))), outcome::out);
        assertTrue(outcome.out().contains("  4 s | "), "a line each second: " + outcome.out());
        JsonNode json =
                new ObjectMapper().readTree(folder.resolve("report.json").toFile());
        assertTrue(json.at("/passed").asBoolean());
        for (String protocol : List.of("tcp", "udp")) {
            assertEquals(json.at("/" + protocol + "_latency_ns/count").asLong(), logged(protocol), protocol);
        }
    }

    @Test
    void shouldRedrawItsTableInPlaceOnATerminal() throws Exception {
        StringWriter screen = new StringWriter();

        DemoReport report = new Demo(2, folder, new PrintWriter(screen), true).run();

        assertEquals(List.of(), report.faults());
        String shown = screen.toString();
        Matcher up = Pattern.compile("\033\\[(\\d+)A").matcher(shown);
        assertTrue(up.find(), shown);
        long drawn = Pattern.compile("\033\\[2K")
                .matcher(shown.substring(0, up.start()))
                .results()
                .count();
        assertEquals(drawn, Long.parseLong(up.group(1)), "as many lines up as were drawn");
        assertTrue(shown.contains(" 2 of 2 s"), shown);
    }

    private long logged(String protocol) throws Exception {
        long count = 0;
        try (HistogramLogReader log = new HistogramLogReader(
                folder.resolve("latency/" + protocol + ".hlog").toFile())) {
            while (log.nextIntervalHistogram() instanceof Histogram interval) {
                count += interval.getTotalCount();
            }
        }
        return count;
    }
}

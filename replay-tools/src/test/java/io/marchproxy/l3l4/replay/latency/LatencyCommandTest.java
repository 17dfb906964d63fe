package io.marchproxy.l3l4.replay.latency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.Tools.Outcome;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class LatencyCommandTest {
    private static final long START_MS = 1_795_702_400_000L;

    @TempDir
    Path folder;

    private final SplittableRandom random = new SplittableRandom(11);
    private final Histogram ring = new Histogram(3);
    private final Histogram egress = new Histogram(3);

    @Test
    void shouldShowWhatHdrHistogramItselfSays() throws IOException {
        Path log = log("a.hlog", 20, 1);

        List<List<String>> rows = csv(log, "--percentiles", "p50,99.9");

        assertEquals(
                List.of("run", "stage", "from", "to", "count", "min_ns", "mean_ns", "p50_ns", "p99_9_ns", "max_ns"),
                rows.getFirst());
        assertEquals(3, rows.size());
        figures(ring, rows.get(1));
        figures(egress, rows.get(2));
        assertEquals("2026-11-26T14:13:20.000Z", rows.get(1).get(2));
        assertEquals("2026-11-26T14:13:40.000Z", rows.get(1).get(3));
    }

    private static void figures(Histogram expected, List<String> row) {
        assertEquals(expected.getTotalCount(), Long.parseLong(row.get(4)));
        assertEquals((double) expected.getMinValue(), Double.parseDouble(row.get(5)));
        assertEquals(expected.getMean(), Double.parseDouble(row.get(6)), 1e-9);
        assertEquals((double) expected.getValueAtPercentile(50), Double.parseDouble(row.get(7)));
        assertEquals((double) expected.getValueAtPercentile(99.9), Double.parseDouble(row.get(8)));
        assertEquals((double) expected.getMaxValue(), Double.parseDouble(row.get(9)));
    }

    @Test
    void shouldAddUpSlicesOfTimeToTheWhole() throws IOException {
        Path log = log("a.hlog", 20, 1);

        List<List<String>> rows = csv(log, "--every", "3s", "--stage", "ring");

        assertEquals(1 + 7, rows.size());
        assertEquals("2026-11-26T14:13:23.000Z", rows.get(2).get(2));
        assertEquals("2026-11-26T14:13:40.000Z", rows.getLast().get(3));
        long count = rows.stream()
                .skip(1)
                .mapToLong(row -> Long.parseLong(row.get(4)))
                .sum();
        assertEquals(ring.getTotalCount(), count);
        Outcome table = Tools.run("latency", log, "--every", "10s");
        assertEquals(
                4,
                table.out()
                        .lines()
                        .filter(line -> line.startsWith("2026-11-26T14:13:") && !line.contains(" to "))
                        .count(),
                table.out());
    }

    @Test
    void shouldMakeOneRunOfSeveralFilesAndStagesOfFileNamesWithoutTags() throws IOException {
        Path first = log("a.hlog", 5, 1);
        Path second = log("b.hlog", 5, 1);
        Histogram plain = new Histogram(3);
        plain.recordValue(77);
        Path untagged = folder.resolve("client.hlog");
        write(untagged, List.of(plain), true);

        Outcome outcome = Tools.run("latency", first, second, untagged, "--format", "json");

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.out().contains("\"stage\" : \"client\""), outcome.out());
        assertTrue(outcome.out().contains("\"count\" : " + ring.getTotalCount()), outcome.out());
    }

    @Test
    void shouldTellDifferencesOfTwoRuns() throws IOException {
        Path before = constant("before.hlog", "ring", 1_000);
        Path after = constant("after.hlog", "ring", 1_500);

        Outcome table = Tools.run("latency", after, "--compare", before);
        Outcome json = Tools.run("latency", after, "--format", "json", "--compare", before);

        assertTrue(
                table.out().lines().anyMatch(line -> line.matches("ring +p99 +1.50 µs +1.00 µs +\\+500 ns +\\+50.0 %")),
                table.out());
        assertTrue(json.out().contains("\"ns\" : 500.0,\n    \"percent\" : 50.0"), json.out());
    }

    @Test
    void shouldSayWhichStageOnlyOneRunHas() throws IOException {
        Outcome outcome = Tools.run(
                "latency",
                constant("after.hlog", "ring", 1_500),
                "--compare",
                constant("before.hlog", "stages", 1_000));

        assertTrue(outcome.out().contains("Not in the run compared with: ring"), outcome.out());
        assertTrue(outcome.out().contains("Not in the run this one: stages"), outcome.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            p99=2us              | 0 |
            ring:p99=1500ns      | 0 |
            p99=1us              | 1 | ring: p99 is 1.50 µs, above 1.00 µs (--fail-above p99=1us)
            ring:max=1ns         | 1 | ring: max is 1.50 µs, above 1 ns (--fail-above ring:max=1ns)
            mean=1400ns          | 1 | ring: mean is 1.50 µs, above 1.40 µs (--fail-above mean=1400ns)
            other:p99=1us        | 2 | replay-tools: --fail-above other:p99=1us: there is no stage other besides ring
            p99=1                | 2 | '1' has no unit
            p101=1ms             | 2 | 'p101' is no percentile
            99=1ms               | 2 | '99=1ms' is no bound, such as
            """)
    void shouldEndAsTheBoundsSay(String bound, int exitCode, String said) throws IOException {
        Outcome outcome = Tools.run("latency", constant("a.hlog", "ring", 1_500), "--fail-above", bound);

        assertEquals(exitCode, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains(said == null ? "" : said), outcome.err());
        assertEquals(said == null, outcome.err().isEmpty(), outcome.err());
    }

    @Test
    void shouldLeaveOutALastLineThatWasCutShort() throws IOException {
        Path log = log("a.hlog", 6, 1);
        byte[] bytes = Files.readAllBytes(log);
        Files.write(log, Arrays.copyOf(bytes, bytes.length - 40));

        Outcome outcome = Tools.run("latency", log, "--format", "csv");

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals(
                log + ": the last line was not written to its end, and is left out",
                outcome.err().strip());
        assertTrue(outcome.out().contains("ring,"), outcome.out());
    }

    @Test
    void shouldNameFileAndLineOfWhatIsNoLog() throws IOException {
        Path log = folder.resolve("a.hlog");
        Files.writeString(log, "#[Histogram log format version 1.3]\n1.0,1.0,1.0,HISTFAAAA\n");
        Outcome damaged = Tools.run("latency", log);
        assertEquals(2, damaged.exitCode(), damaged::toString);
        assertTrue(
                damaged.err().startsWith("replay-tools: " + log + ":2: holds no histogram that can be read"),
                damaged.err());

        Files.writeString(log, "#[Histogram log format version 1.3]\n\nwhat is this?\n1.0,1.0,1.0,HISTFAAAA\n");
        Outcome foreign = Tools.run("latency", log);
        assertEquals(2, foreign.exitCode(), foreign::toString);
        assertEquals(
                "replay-tools: " + log + ":3: is no line of an HdrHistogram log: what is this?",
                foreign.err().strip());
    }

    @Test
    void shouldSayWhatIsNotThere() throws IOException {
        assertTrue(Tools.run("latency", folder.resolve("no.hlog")).err().endsWith("no.hlog is not there\n"));
        assertTrue(Tools.run("latency", folder).err().contains("is a folder"));
        Path empty = Files.writeString(folder.resolve("empty.hlog"), "#[Histogram log format version 1.3]\n");
        assertTrue(Tools.run("latency", empty).err().contains("nothing is logged in " + empty + " yet"));
        Path log = constant("a.hlog", "ring", 5);
        assertTrue(Tools.run("latency", log, "--stage", "no").err().contains("there is no stage no in " + log));
        assertTrue(Tools.run("latency", log, "--from", "2027-01-01T00:00:00Z")
                .err()
                .contains("nothing was logged in " + log + " in that time"));
    }

    /** Of any damage comes a message with a place, never a stack. */
    @Test
    void shouldSurviveAnyDamage() throws IOException {
        byte[] sound = Files.readAllBytes(log("a.hlog", 3, 1));
        for (int seed = 0; seed < 400; seed++) {
            SplittableRandom damage = new SplittableRandom(seed);
            byte[] bytes = sound.clone();
            for (int i = 0; i <= damage.nextInt(4); i++) {
                bytes[damage.nextInt(bytes.length)] = (byte) damage.nextInt(256);
            }
            Path log = folder.resolve("damaged.hlog");
            Files.write(log, Arrays.copyOf(bytes, damage.nextInt(1, bytes.length + 1)));

            Outcome outcome = Tools.run("latency", log);

            int failing = seed;
            assertTrue(
                    outcome.exitCode() == 0
                            || (outcome.exitCode() == 2 && !outcome.err().contains("\tat ")),
                    () -> "seed " + failing + ": " + outcome);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"+5s", "2026-11-26T14:13:25Z", "2026-11-26T15:13:25+01:00", "2026-11-26T14:13:25"})
    void shouldLookAtATimeAlone(String from) throws IOException {
        Path log = log("a.hlog", 20, 1);

        List<List<String>> rows = csv(log, "--from", from, "--to", "+15s", "--every", "1s", "--stage", "ring");

        assertEquals(11, rows.size());
        assertEquals("2026-11-26T14:13:25.000Z", rows.get(1).get(2));
    }

    @Test
    void shouldRefuseATimeThatIsNone() throws IOException {
        Path log = constant("a.hlog", "ring", 5);

        assertTrue(Tools.run("latency", log, "--from", "noon").err().contains("'noon' is no time: write it as 2026-"));
        assertTrue(Tools.run("latency", log, "--from", "-1hour").err().contains("perhaps -1h"));
    }

    /** Logs of others: without a base time, relative or absolute; the oldest format had neither tags nor a version. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "#[StartTime: 1795702400.000 (seconds since epoch), Thu Nov 26]\n3.000",
                "#[StartTime: 1795702400.000 (seconds since epoch), Thu Nov 26]\n1795702403.000",
                "#[BaseTime: 1795702400.000 (seconds since epoch)]\r\n\"StartTimestamp\",\"Interval_Length\"\r\n3.000",
                "1795702403.000"
            })
    void shouldReadTheTimesOfOthersLogs(String head) throws IOException {
        String mine = Files.readString(constant("mine.hlog", "ring", 900));
        String encoded = mine.substring(mine.lastIndexOf(',') + 1).strip();
        Path log = Files.writeString(folder.resolve("hiccup.hlog"), head + ",1.000,0.001," + encoded + "\n");

        List<List<String>> rows = csv(log, "--unit", "us");

        assertEquals("hiccup", rows.get(1).get(1));
        assertEquals("2026-11-26T14:13:23.000Z", rows.get(1).get(2));
        assertEquals("900000.0", rows.get(1).getLast());
    }

    @Test
    void shouldDrawBothRuns() throws Exception {
        Path log = log("a.hlog", 20, 1);
        Path other = log("b.hlog", 10, 3);
        Path svg = folder.resolve("plot.svg");
        Path png = folder.resolve("plot.PNG");

        assertEquals(
                0, Tools.run("latency", log, "--plot", svg, "--compare", other).exitCode());
        assertEquals(0, Tools.run("latency", log, "--plot", png).exitCode());
        Outcome refused = Tools.run("latency", log, "--plot", folder.resolve("plot.pdf"));

        DocumentBuilderFactory xml = DocumentBuilderFactory.newInstance();
        xml.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        var document = xml.newDocumentBuilder().parse(svg.toFile());
        assertEquals("svg", document.getDocumentElement().getTagName());
        // The library writes texts as outlines, and a line as its pieces, in the colour of its stage.
        NodeList pieces = document.getElementsByTagName("line");
        Map<String, Integer> styles = new TreeMap<>();
        for (int i = 0; i < pieces.getLength(); i++) {
            String style = ((Element) pieces.item(i)).getAttribute("style");
            styles.merge(
                    style.replaceAll(".*(rgb\\([0-9,]+\\)).*", "$1") + style.contains("dasharray"), 1, Integer::sum);
        }
        for (String line :
                List.of("rgb(0,55,255)false", "rgb(255,172,0)false", "rgb(0,55,255)true", "rgb(255,172,0)true")) {
            assertTrue(styles.getOrDefault(line, 0) > 20, () -> line + " is missing in " + styles);
        }
        BufferedImage image = ImageIO.read(png.toFile());
        assertEquals(1000, image.getWidth());
        assertEquals(920, image.getHeight());
        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("must end in .svg or .png"), refused.err());
        assertFalse(Files.exists(folder.resolve("plot.pdf")));
    }

    private List<List<String>> csv(Path log, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("latency", log, "--format", "csv"));
        arguments.addAll(List.of(more));
        Outcome outcome = Tools.run(arguments.toArray());
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return outcome.out().lines().map(line -> List.of(line.split(","))).toList();
    }

    private Path constant(String name, String tag, long value) throws IOException {
        Histogram one = new Histogram(3);
        one.setTag(tag);
        one.recordValueWithCount(value, 10);
        return write(folder.resolve(name), List.of(one), false);
    }

    /** Seconds of two stages, which are added to this test's sums. */
    private Path log(String name, int seconds, int factor) throws IOException {
        List<Histogram> lines = new ArrayList<>();
        for (int i = 0; i < seconds; i++) {
            for (String stage : List.of("ring", "egress")) {
                Histogram sum = stage.equals("ring") ? ring : egress;
                Histogram line = new Histogram(3);
                line.setTag(stage);
                for (int n = 0; n < 500; n++) {
                    line.recordValue(random.nextLong(1L << random.nextInt(4, 34)) * factor);
                }
                sum.add(line);
                lines.add(line);
            }
        }
        return write(folder.resolve(name), lines, false);
    }

    private static Path write(Path file, List<Histogram> lines, boolean each) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        HistogramLogWriter log = new HistogramLogWriter(bytes);
        log.outputLogFormatVersion();
        log.outputBaseTime(START_MS);
        log.setBaseTime(START_MS);
        log.outputLegend();
        for (int i = 0; i < lines.size(); i++) {
            long second = each ? i : i / 2;
            lines.get(i).setStartTimeStamp(START_MS + second * 1_000);
            lines.get(i).setEndTimeStamp(START_MS + (second + 1) * 1_000);
            log.outputIntervalHistogram(lines.get(i));
        }
        return Files.writeString(file, bytes.toString(StandardCharsets.UTF_8));
    }
}

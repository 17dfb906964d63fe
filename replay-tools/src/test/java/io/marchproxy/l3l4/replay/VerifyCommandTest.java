package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class VerifyCommandTest {
    @TempDir
    Path data;

    @Test
    void shouldFindNoDifference() throws Exception {
        record(10_000, 18);

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertTrue(
                outcome.out().startsWith("shard-0: no difference in 10,000 events with 10,000 outcomes, 1 session"),
                outcome.out());
        assertEquals("", outcome.err());
    }

    @Test
    void shouldVerifyEachSessionByItself() throws Exception {
        record(100, 18);
        record(100, 18);

        assertTrue(Tools.run("verify", data).out().contains("200 events with 200 outcomes, 2 sessions"));
    }

    @Test
    void shouldNameAPlantedDifference() throws Exception {
        // The pipeline marks with 20 what the journal is told to be marked with 18.
        record(10, 20);

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(1, outcome.exitCode(), outcome::toString);
        List<String> lines = outcome.out().lines().map(String::strip).toList();
        assertEquals("shard-0: a difference:", lines.get(0));
        assertTrue(lines.get(1).startsWith("shard 0, session ") && lines.get(1).endsWith("record 1:"), lines.get(1));
        assertTrue(lines.contains("from           10.0.0.1:1024"), outcome.out());
        assertTrue(lines.contains("service        dns/udp"), outcome.out());
        assertTrue(lines.contains("≠ dscp           20                               18"), outcome.out());
        assertTrue(lines.contains("verdict        FORWARD                          FORWARD"), outcome.out());
    }

    @Test
    void shouldFindNoDifferenceWherePacketsWaitAndAreDropped() throws Exception {
        try (Synthetic synthetic =
                new Synthetic(data, Mode.PACKETS, Synthetic.limited(400_000_000), Synthetic.limited(400_000_000))) {
            synthetic.datagrams(10_000);
        }

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertTrue(Tools.run("stats", data).out().contains("queue-full"));
    }

    @Test
    void shouldNameARateThatIsOnePercentOff() throws Exception {
        try (Synthetic synthetic =
                new Synthetic(data, Mode.PACKETS, Synthetic.limited(404_000_000), Synthetic.limited(400_000_000))) {
            synthetic.datagrams(10_000);
        }

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(1, outcome.exitCode(), outcome::toString);
        // The first packet that the one has tokens for and the other has not.
        assertTrue(outcome.out().contains("≠ verdict        HOLD                             FORWARD"), outcome.out());
        assertTrue(outcome.out().contains("≠ flags          was-held                         none"), outcome.out());
    }

    @Test
    void shouldSayThatTheModeFlowsCanNotBeVerified() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.FLOWS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(10);
        }

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.out().contains("recorded in the mode flows, which can't be verified"), outcome.out());
        assertEquals("shard-0: nothing in it can be verified", outcome.err().strip());
    }

    @Test
    void shouldVerifyFromACheckpointWhenTheBeginWasDeleted() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18))) {
            while (!Files.isDirectory(data.resolve("journal/shard-0")) || files().size() < 2) {
                synthetic.datagrams(10_000);
            }
            synthetic.datagrams(100_000);
        }
        Files.delete(files().getFirst());

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.out().contains("its begin was deleted"), outcome.out());
        assertTrue(outcome.out().contains("verified from the checkpoint at"), outcome.out());
        System.out.println(outcome.out());
        System.out.println(Tools.run("stats", data).out());
    }

    @Test
    void shouldRefuseAFileThatIsCutShortAndChangeNothing() throws Exception {
        record(20_000, 18);
        try (FileChannel file = FileChannel.open(files().getFirst(), StandardOpenOption.WRITE)) {
            file.truncate(300_001);
        }
        Map<Path, Integer> before = contents();

        Tools.Outcome outcome = Tools.run("verify", data);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains("is cut short: it ends within a document at byte"), outcome.err());
        assertEquals(before, contents());
    }

    @Test
    void shouldChangeNothingInAJournalThatIsWhole() throws Exception {
        record(100, 18);
        Map<Path, Integer> before = contents();

        for (String command : List.of("verify", "stats", "tail")) {
            assertEquals(0, Tools.run(command, data).exitCode());
        }

        assertEquals(before, contents());
    }

    @Test
    void shouldRefuseForeignFilesAndFoldersWithoutAJournal() throws Exception {
        Tools.Outcome nothing = Tools.run("verify", data);
        assertEquals(2, nothing.exitCode());
        assertTrue(nothing.err().startsWith("replay-tools: there is no journal in "), nothing.err());

        Files.writeString(data.resolve("20260101-0000.cq4"), "not a journal at all, but long enough to be looked at");
        Tools.Outcome foreign = Tools.run("verify", data);
        assertEquals(2, foreign.exitCode());
        assertTrue(foreign.err().strip().endsWith("20260101-0000.cq4 is no file of a journal"), foreign.err());
    }

    @Test
    void shouldShowTheLastRecords() throws Exception {
        record(100, 18);

        Tools.Outcome outcome = Tools.run("tail", "-n", "3", data);

        List<String> lines = outcome.out().lines().toList();
        assertEquals(3, lines.size(), outcome.out());
        assertTrue(lines.get(0).startsWith("shard-0 199  event  time="), lines.get(0));
        assertTrue(
                lines.get(0)
                        .contains(
                                "service=dns/udp  protocol=udp  direction=to-backend  from=10.0.0.1:1123  to=127.0.0.1:53  bytes=64"),
                lines.get(0));
        assertTrue(lines.get(1).contains("verdict=FORWARD  class=P2  dscp=18  rule=none  backend=9"), lines.get(1));
        assertEquals("shard-0 201  end", lines.get(2));
    }

    @Test
    void shouldFollowALiveJournal() throws Exception {
        StringWriter out = new StringWriter();
        CommandLine tail = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(1);
            Recording.await("the journal is there", () -> Files.isDirectory(data.resolve("journal/shard-0")));
            Thread reader = Thread.ofPlatform().daemon().start(() -> tail.execute("tail", "-f", data.toString()));
            Recording.await("the first record", () -> goesOn(reader, out).contains(" 1  event  "));
            synthetic.datagrams(5);
            Recording.await("the others", () -> goesOn(reader, out).contains(" 11  event  "));
            reader.interrupt();
            reader.join();
        }
    }

    private static String goesOn(Thread reader, StringWriter out) {
        assertTrue(reader.isAlive(), out::toString);
        return out.toString();
    }

    @Test
    void shouldDrawProgressWhereATerminalIs() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ProgressLine progress = ProgressLine.to(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        progress.clear();
        assertEquals(0, bytes.size());
        Recording.await("a line", () -> {
            progress.show("shard-0", 50, 100);
            return bytes.size() > 0;
        });
        progress.clear();
        assertTrue(bytes.toString(StandardCharsets.UTF_8)
                .contains("shard-0 [" + "#".repeat(15) + "-".repeat(15) + "]  50 %"));
        assertTrue(bytes.toString(StandardCharsets.UTF_8).endsWith("\r\033[K"));
    }

    private void record(int datagrams, int dscp) throws IOException {
        try (Synthetic synthetic =
                new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(dscp))) {
            synthetic.datagrams(datagrams);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(data.resolve("journal/shard-0"))) {
            return all.filter(path -> path.toString().endsWith(".cq4")).sorted().toList();
        }
    }

    private Map<Path, Integer> contents() throws IOException {
        Map<Path, Integer> contents = new TreeMap<>();
        try (Stream<Path> all = Files.walk(data)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                contents.put(path, Arrays.hashCode(Files.readAllBytes(path)));
            }
        }
        return contents;
    }
}

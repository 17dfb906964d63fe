package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.ProxyService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The story that docs/REPLAY.md tells, lived through: its files, its commands, and the output that it shows. */
class StoryIT {
    private static final Path DOCS = Path.of(System.getProperty("project.root"), "docs");
    private static final String BEGIN = "## A story";

    @TempDir
    Path folder;

    @Test
    void shouldGoAsToldInTheDocs() throws Exception {
        String story = story();
        for (String file : List.of("proxy.yaml", "candidate.yaml")) {
            assertTrue(story.contains("(examples/replay/" + file + ")"), file);
        }
        try (Echo dns = new Echo(0);
                Echo cloud = new Echo(0);
                Echo rack = new Echo(0)) {
            prepare("proxy.yaml", dns, cloud, rack);
            prepare("candidate.yaml", dns, cloud, rack);
            try (ProxyService proxy = ProxyService.start(read("proxy.yaml"))) {
                pass(proxy);
            }
            List<String> commands = commands(story);
            assertEquals(4, commands.size(), commands::toString);
            assertEquals(
                    0,
                    run("bin/replay-tools diff data --config proxy.yaml --fail-on-change")
                            .exitCode());
            String table = run(commands.get(0)).out();
            Files.writeString(Path.of("target", "story.txt"), table);
            assertShown(story, table);
            assertEquals("", run(commands.get(1)).out());
            assertTrue(Files.readString(folder.resolve("diff.html")).contains("<svg"));
            assertEquals(1, run(commands.get(2)).exitCode(), "it says so to scripts");
            try (ProxyService proxy = ProxyService.start(read("proxy.yaml"))) {
                proxy.reload(read("candidate.yaml"));
                pass(proxy);
            }
            Tools.Outcome verified = run(commands.get(3));
            assertEquals(0, verified.exitCode(), verified::toString);
            assertTrue(verified.out().contains(", 2 sessions, "), verified.out());
        }
    }

    private static String story() throws IOException {
        String text = Files.readString(DOCS.resolve("REPLAY.md"));
        int begin = text.indexOf(BEGIN);
        assertTrue(begin > 0, "the story has moved");
        return text.substring(begin, text.indexOf("\n## ", begin + 1));
    }

    /** Commands as the story has them, without what it says of them. */
    private static List<String> commands(String story) {
        return story.lines()
                .filter(line -> line.startsWith("bin/replay-tools "))
                .map(line -> line.replaceFirst(" *#.*", ""))
                .toList();
    }

    private Tools.Outcome run(String command) {
        List<Object> arguments = new ArrayList<>();
        for (String word : command.split(" ", -1)) {
            boolean isPath = word.equals("data") || word.endsWith(".yaml") || word.endsWith(".html");
            arguments.add(isPath ? folder.resolve(word).toString() : word);
        }
        arguments.removeFirst();
        Tools.Outcome outcome = Tools.run(arguments.toArray());
        assertEquals("", outcome.err(), command);
        return outcome;
    }

    /** Every line that the story shows is there; numbers are another day's. */
    private static void assertShown(String story, String found) {
        int begin = story.indexOf("```\ndecisions");
        assertTrue(begin > 0, "the story shows the output");
        TreeSet<String> labels = new TreeSet<>();
        found.lines().forEach(line -> labels.add(label(line)));
        String shown = story.substring(begin + 4, story.indexOf("\n```", begin + 4));
        shown.lines().forEach(line -> assertTrue(labels.contains(label(line)), () -> line + "\nis not in\n" + found));
        assertFalse(shown.isEmpty());
    }

    /** A line's words up to its first number. */
    private static String label(String line) {
        return line.replaceFirst("  +[0-9,.]+.*", "").replaceAll("\\s+", " ").strip();
    }

    private static void pass(ProxyService proxy) throws IOException {
        try (StoryTraffic traffic = new StoryTraffic(
                proxy.listening("dns").getFirst().getPort(),
                proxy.listening("telemetry").getFirst().getPort())) {
            Recording.await("measurements", traffic::isOver);
        }
    }

    private void prepare(String file, Echo dns, Echo cloud, Echo rack) throws IOException {
        String text = Files.readString(DOCS.resolve("examples/replay").resolve(file))
                .replace("./data", folder.resolve("data").toString())
                .replace("udp://127.0.0.1:5353", "udp://127.0.0.1:0")
                .replace("udp://127.0.0.1:5354", "udp://127.0.0.1:0")
                .replace("127.0.0.1:5301", "127.0.0.1:" + dns.port())
                .replace("127.0.0.1:5401", "127.0.0.1:" + cloud.port())
                .replace("127.0.0.1:5402", "127.0.0.1:" + rack.port());
        Files.writeString(folder.resolve(file), text + "admin: { port: 0 }\n");
    }

    private ProxySettings read(String file) {
        ConfigResult result = ConfigLoader.load(folder.resolve(file), Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }
}

package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.pcap.CaptureBytes;
import io.marchproxy.l3l4.replay.pcap.Packets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/REPLAY.md tells users to type about captures. */
class DocumentedCapturesTest {
    private static final Path GUIDE = Path.of(System.getProperty("project.root"), "docs", "REPLAY.md");
    private static final List<String> FILES = List.of(
            "capture.pcap",
            "proxy.yaml",
            "imported-with-rules",
            "imported",
            "packets.pcapng",
            "packets.pcap",
            "sent.pcapng");

    @TempDir
    Path folder;

    @Test
    void shouldDoWhatTheGuideSaysAboutCaptures() throws Exception {
        Files.write(
                folder.resolve("capture.pcap"),
                CaptureBytes.littleEndian()
                        .pcap(CaptureBytes.ETHERNET)
                        .packet(
                                1_700_000_000L,
                                0,
                                Packets.ethernet(Packets.ipv4(1, 2, 17, Packets.udp(1000, 53, new byte[99]))))
                        .toArray());
        Files.writeString(folder.resolve("proxy.yaml"), """
                services: [ { name: dns, listen: "udp://*:53", backends: [ { id: a, address: "127.0.0.1:5300" } ] } ]
                """);

        List<String> commands = commands("## Captures in", "## What another configuration would have done");

        assertEquals(6, commands.size(), commands::toString);
        for (String command : commands) {
            Tools.Outcome outcome = Tools.run((Object[]) inFolder(command));
            assertEquals(0, outcome.exitCode(), () -> command + ": " + outcome);
        }
        assertTrue(Files.size(folder.resolve("sent.pcapng")) > 200);
    }

    private static List<String> commands(String from, String to) throws IOException {
        String guide = Files.readString(GUIDE);
        Matcher command = Pattern.compile("^bin/replay-tools (.*)$", Pattern.MULTILINE)
                .matcher(guide.substring(guide.indexOf(from), guide.indexOf(to)));
        return command.results().map(found -> found.group(1)).toList();
    }

    private String[] inFolder(String command) {
        String[] words = command.split(" +");
        for (int i = 0; i < words.length; i++) {
            if (FILES.contains(words[i])) {
                words[i] = folder.resolve(words[i]).toString();
            }
        }
        return words;
    }
}

package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TailCommandTest {
    @TempDir
    Path data;

    @BeforeEach
    void record() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(100);
        }
    }

    @Test
    void shouldShowTheLastRecords() {
        Tools.Outcome outcome = Tools.run("tail", data, "-n", 3);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals(3, outcome.out().lines().count(), outcome.out());
    }

    @Test
    void shouldShowEventsOfAKindAlone() {
        Tools.Outcome all = Tools.run("tail", data, "-n", 1_000);
        Tools.Outcome packets = Tools.run("tail", data, "-n", 1_000, "--kind", "data");
        Tools.Outcome others = Tools.run("tail", data, "-n", 1_000, "-k", "reset,health");

        assertEquals(0, packets.exitCode(), packets::toString);
        assertEquals(
                all.out().lines().filter(line -> line.contains("kind=DATA")).toList(),
                packets.out().lines().filter(line -> line.contains("  event  ")).toList());
        assertTrue(packets.out().contains("  decision  "), packets.out());
        assertEquals(0, others.exitCode(), others::toString);
        assertEquals("", others.out());
    }

    @Test
    void shouldRefuseANegativeNumber() {
        Tools.Outcome outcome = Tools.run("tail", data, "--records", -1);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains("--records must be 0 or more, not -1"), outcome.err());
    }

    /** As {@code tail -f data | head -1} leaves it. */
    @Test
    void shouldEndWhenNobodyReadsOn() {
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException("Broken pipe");
            }
        };

        int exitCode = assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> Main.run(
                        Main.commandLine().setOut(new PrintWriter(gone, false, StandardCharsets.UTF_8)),
                        "tail",
                        "-f",
                        data.toString()));

        assertEquals(0, exitCode);
    }
}

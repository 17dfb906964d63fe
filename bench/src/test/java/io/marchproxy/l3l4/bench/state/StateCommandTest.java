package io.marchproxy.l3l4.bench.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class StateCommandTest {
    @TempDir
    Path folder;

    @Test
    void shouldPrintALineForEachSizeAndLeaveNothing() throws Exception {
        StringWriter out = new StringWriter();
        int exitCode = new CommandLine(new StateCommand())
                .setOut(new PrintWriter(out))
                .execute("--flows", "2000,3000", "--folder", folder.toString());

        assertEquals(0, exitCode, out::toString);
        List<String> lines = out.toString().lines().toList();
        assertEquals(5, lines.size(), out::toString);
        assertTrue(lines.get(3).strip().startsWith("2,000 "), out::toString);
        assertTrue(lines.get(4).strip().startsWith("3,000 "), out::toString);
        assertEquals(11, lines.get(4).strip().split("\\s+").length, out::toString);
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }
}

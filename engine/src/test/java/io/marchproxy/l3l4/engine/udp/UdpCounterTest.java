package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page that explains the counters is current. */
class UdpCounterTest {
    @ParameterizedTest
    @EnumSource
    void shouldBeExplainedInTheDocs(UdpCounter counter) throws IOException {
        String page = Files.readString(Path.of(System.getProperty("project.root"), "docs/UDP.md"));
        String row = "| `" + counter.label() + "` | " + counter.sentence() + " |";
        assertTrue(page.contains(row), () -> "docs/UDP.md lacks: " + row);
    }
}

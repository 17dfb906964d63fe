package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What docs/MULTICLOUD.md shows is what is there, and what comes. */
final class DocumentedCloudsTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String EXAMPLE = "docs/examples/clouds.yaml";

    private final String page;

    DocumentedCloudsTest() throws IOException {
        page = Files.readString(ROOT.resolve("docs/MULTICLOUD.md"));
    }

    @Test
    void shouldShowTheExampleAsItIs() throws IOException {
        String example = Files.readString(ROOT.resolve(EXAMPLE));
        assertTrue(page.contains("```yaml\n" + example + "```\n"), example);
    }

    @Test
    void shouldShowWhatExplainSays() {
        String command = page.lines()
                .filter(line -> line.startsWith("bin/proxy-l3l4 explain --config "))
                .findFirst()
                .orElseThrow();
        StringWriter out = new StringWriter();

        int exitCode = ProxyCommand.commandLine()
                .setOut(new PrintWriter(out, true))
                .execute(command.substring("bin/proxy-l3l4 ".length())
                        .replace(EXAMPLE, ROOT.resolve(EXAMPLE).toString())
                        .split(" "));

        assertEquals(0, exitCode);
        assertTrue(page.contains("```\n" + out + "```\n"), out::toString);
    }
}

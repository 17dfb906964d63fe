package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/REPLAY.md describes the columns as they are. */
class FlowColumnsDocumentationTest {
    private static final Path PAGE = Path.of(System.getProperty("project.root"), "docs", "REPLAY.md");
    private static final Pattern PLACE = Pattern.compile("<!-- columns -->\n.*?(?=\n## )", Pattern.DOTALL);

    @Test
    void shouldHoldTheColumnsCurrent() throws IOException {
        StringBuilder table = new StringBuilder("<!-- columns -->\n\n| column | type | |\n|---|---|---|\n");
        table.append("| `host` | text | what `--host` says; null without it |\n");
        for (FlowColumn column : FlowColumn.values()) {
            String kind = switch (column.kind()) {
                case TEXT -> "text";
                case NUMBER -> "number";
                case TIME -> "moment";
            };
            table.append("| `%s` | %s | %s |\n".formatted(column.label(), kind, column.meaning()));
        }
        String page = Files.readString(PAGE);
        String current = PLACE.matcher(page).replaceFirst(Matcher.quoteReplacement(table.toString()));
        if (Boolean.getBoolean("regenerate-docs")) {
            Files.writeString(PAGE, current);
            page = current;
        }
        assertEquals(
                current,
                page,
                "write it anew: mvn -q -pl replay-tools -am test"
                        + " -Dtest=FlowColumnsDocumentationTest -Dsurefire.failIfNoSpecifiedTests=false -Dregenerate-docs=true");
    }
}

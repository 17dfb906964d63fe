package io.marchproxy.l3l4.replay.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** What users and programs read; a change here is a change for them. Golden files: src/test/resources; what is found lies in target. */
class ReportTextsTest {
    private final DiffReport report = Sample.report();

    @Test
    void shouldKeepTheTable() throws IOException {
        assertGolden("report.txt", TableText.of(report));
    }

    @Test
    void shouldKeepTheJson() throws IOException {
        assertGolden("report.json", JsonText.of(report));
    }

    @Test
    void shouldShowPlotsOnAPageThatNeedsNothingElse() throws Exception {
        String page = HtmlPage.of(report);
        Files.writeString(Path.of("target", "report.html"), page);

        for (String title : new String[] {
            "Rate to backend", "Rate to client", "Rate of P2 to client", "Delay by percentile, to backend",
            "Dropped packets by reason", "Bytes by route", "Bytes by class", "Cost by provider"
        }) {
            assertTrue(page.contains("<figcaption>" + title + "</figcaption>"), title);
        }
        assertFalse(page.contains("http"), "nothing from elsewhere");
        assertFalse(page.contains("url("), "nothing from elsewhere");
        assertFalse(page.contains("<script"), "no script");
        assertTrue(page.contains("prefers-color-scheme: dark"));
    }

    @Test
    void shouldTakeNamesForTextAndNotForMarkup() throws Exception {
        String page = HtmlPage.of(report);

        assertFalse(page.contains("<b>"), "a service's name is text");
        assertTrue(page.contains("&lt;b&gt;&quot;api&quot; &amp; &#39;co&#39;&lt;/b&gt;"));
        // Well formed: what is open is closed, whatever a name holds.
        String body = page.substring(page.indexOf("<body>"), page.indexOf("</body>") + 7);
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(body)));
        NodeList paths = document.getElementsByTagName("path");
        assertTrue(paths.getLength() >= 12, "two lines in each plot of lines");
        for (int i = 0; i < paths.getLength(); i++) {
            String path = paths.item(i).getAttributes().getNamedItem("d").getNodeValue();
            assertTrue(path.matches("M[0-9. ]+(L[0-9. ]+)+"), path);
        }
    }

    private static void assertGolden(String name, String found) throws IOException {
        Files.writeString(Path.of("target", name), found);
        try (InputStream golden = Objects.requireNonNull(ReportTextsTest.class.getResourceAsStream(name), name)) {
            assertEquals(new String(golden.readAllBytes(), StandardCharsets.UTF_8), found);
        }
    }
}

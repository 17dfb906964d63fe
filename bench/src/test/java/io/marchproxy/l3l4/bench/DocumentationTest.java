package io.marchproxy.l3l4.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** What the documents claim about the tree. */
class DocumentationTest {

    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String OURS = "io.marchproxy.l3l4";

    @Test
    void shouldJustifyEveryDirectDependencyAndNoOther() throws Exception {
        SortedSet<String> documented = new TreeSet<>();
        Matcher row = Pattern.compile("^\\| `([^`]+)` \\|", Pattern.MULTILINE)
                .matcher(Files.readString(ROOT.resolve("docs/DEPENDENCIES.md")));
        while (row.find()) {
            documented.add(row.group(1));
        }

        assertEquals(directDependencies(), documented);
    }

    @Test
    void shouldShowTheExampleConfigurationAsItStandsInItsFile() throws IOException {
        String example = Files.readString(ROOT.resolve("docs/examples/web.yaml"));

        assertTrue(
                Files.readString(ROOT.resolve("README.md")).contains("```yaml\n" + example + "```"),
                "README.md and docs/examples/web.yaml differ");
    }

    @Test
    void shouldLinkOnlyToFilesThatExist() throws IOException {
        try (Stream<Path> documents = documents()) {
            for (Path document : documents.toList()) {
                Matcher link = Pattern.compile("]\\(([^)#:]+)(#[^)]*)?\\)").matcher(Files.readString(document));
                while (link.find()) {
                    Path target = document.resolveSibling(link.group(1));
                    assertTrue(Files.exists(target), document + " links to " + link.group(1));
                }
            }
        }
    }

    private static Stream<Path> documents() throws IOException {
        return Stream.of(ROOT, ROOT.resolve("docs"), ROOT.resolve("packaging"))
                .flatMap(DocumentationTest::list)
                .filter(file -> file.toString().endsWith(".md"));
    }

    private static Stream<Path> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static SortedSet<String> directDependencies() throws Exception {
        SortedSet<String> artifacts = new TreeSet<>();
        XPath xpath = XPathFactory.newInstance().newXPath();
        for (String module : new String[] {".", "stages", "config", "engine", "replay-tools", "bench"}) {
            Document pom = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(ROOT.resolve(module).resolve("pom.xml").toFile());
            NodeList found = (NodeList) xpath.evaluate(
                    "/project/dependencies/dependency[groupId != '" + OURS + "']/artifactId",
                    pom,
                    XPathConstants.NODESET);
            for (int i = 0; i < found.getLength(); i++) {
                artifacts.add(found.item(i).getTextContent());
            }
        }
        return artifacts;
    }
}

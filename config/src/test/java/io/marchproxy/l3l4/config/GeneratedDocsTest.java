package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.marchproxy.l3l4.config.docs.ReferencePage;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What is written from the catalogue is current, and says of files what the loader says. */
class GeneratedDocsTest {
    private static final Path DOCS = Path.of(System.getProperty("project.root"), "docs");
    private static final String AGAIN = "; write it anew: mvn -q -pl config test -Dregenerate-docs=true";

    private final ObjectMapper json = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void shouldHoldTheSchemaCurrent() throws IOException {
        holdCurrent(DOCS.resolve("schema/proxy-l3l4.schema.json"), io.marchproxy.l3l4.config.docs.JsonSchema.text());
    }

    @Test
    void shouldHoldTheReferencePageCurrent() throws IOException {
        holdCurrent(DOCS.resolve("CONFIGURATION.md"), ReferencePage.text());
    }

    @Test
    void shouldBeAValidSchemaOfItsDraft() throws IOException {
        JsonSchema draft = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(com.networknt.schema.SchemaLocation.of(SpecVersion.VersionFlag.V202012.getId()));

        JsonNode schema = json.readTree(io.marchproxy.l3l4.config.docs.JsonSchema.text());
        assertEquals(Set.of(), draft.validate(schema));
    }

    @Test
    void shouldFindTheSampleValid() throws IOException {
        assertEquals(Set.of(), validate(Files.readString(SampleTest.SAMPLE)));
    }

    @Test
    void shouldFindTheEffectiveFormValid() {
        ConfigResult result = ConfigLoader.load(SampleTest.SAMPLE, Map.of(), Overrides.none());

        assertEquals(Set.of(), validate(result.effective()));
    }

    @Test
    void shouldPointEditorsAtTheSchema() throws IOException {
        String first = Files.readAllLines(SampleTest.SAMPLE).getFirst();

        assertTrue(first.startsWith("# yaml-language-server: $schema="), first);
        Path schema = SampleTest.SAMPLE.resolveSibling(first.substring(first.indexOf('=') + 1));
        assertTrue(Files.exists(schema), schema.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "servces: []",
                "engine: { numa: maybe }",
                "engine: { spin: long }",
                "engine: { irq-affinity: never }",
                "engine: { shards: 300 }",
                "engine: { drain-timeout: 30 }",
                "engine: { drain-timeout: 30sec }",
                "engine: { ring-size: 5000 }",
                "engine: { transport: dpdk }",
                "manager: { url: 'http://m:8000' }",
                "qos: { link-rate: fast }",
                "qos: { classes: { P0: { guarantee: much } } }",
                "qos: { classes: { P0: { dscp: AF99 } } }",
                "qos: { classes: { P4: { dscp: EF } } }",
                "admin: { port: 70000 }",
                "admin: [ ]",
                "services: [ { name: a, listen: 'http://h:1', backends: [ { address: 'h:1' } ] } ]",
                "services: [ { name: a, listen: 'tcp://*:1', rate: { to-nobody: 1Gbit }, backends: [ { address: 'h:1' } ] } ]",
                "services: [ { name: a, listen: 'tcp://*:1', rate: [ ], backends: [ { address: 'h:1' } ] } ]",
                "services: [ { name: a, listen: 'tcp://*:1', algorithm: magic, backends: [ { address: 'h:1' } ] } ]",
                "services: [ { listen: 'tcp://*:1', backends: [ { address: 'h:1' } ] } ]",
                "services: [ { name: a, listen: 'tcp://*:1', backends: [ { address: 'h:1', weight: -2 } ] } ]"
            })
    void shouldRefuseWhatTheLoaderRefuses(String yaml) {
        assertFalse(validate(yaml).isEmpty(), "the schema accepts " + yaml);
        assertFalse(Faulty.load(folder, yaml).faults().isEmpty(), "the loader accepts " + yaml);
    }

    private Set<ValidationMessage> validate(String yaml) {
        JsonSchema schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(io.marchproxy.l3l4.config.docs.JsonSchema.text());
        Object tree = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return schema.validate(json.valueToTree(tree));
    }

    private static void holdCurrent(Path file, String text) throws IOException {
        if (Boolean.getBoolean("regenerate-docs")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        }
        assertTrue(Files.exists(file), file + " is missing" + AGAIN);
        assertEquals(text, Files.readString(file), file + " is out of date" + AGAIN);
    }
}

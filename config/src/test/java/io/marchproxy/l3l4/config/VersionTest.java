package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class VersionTest {

    @Test
    void shouldEqualTheVersionFile() throws IOException {
        Path file = Path.of(System.getProperty("project.root"), ".version");

        assertEquals(Files.readString(file).strip(), Version.current());
    }
}

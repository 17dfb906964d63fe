package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpentFileTest {
    private static final SpentFile.Sums SUMS = new SpentFile.Sums(20_783, Map.of("web/tcp", 12.25, "a b/udp", 1e-9));

    @TempDir
    Path folder;

    @Test
    void shouldFindWhatWasWritten() {
        new SpentFile(folder).write(SUMS);

        SpentFile.Sums found = new SpentFile(folder).read();

        assertEquals(SUMS, found);
        assertEquals(12.25, found.of("web/tcp", 20_783));
        assertEquals(0, found.of("web/tcp", 20_784), "another day");
        assertEquals(0, found.of("new/tcp", 20_783));
    }

    @Test
    void shouldFindNothingWhereNothingIs() {
        assertEquals(Map.of(), new SpentFile(folder).read().byService());
    }

    @Test
    void shouldWriteInAFolderThatIsNotThereYet() {
        Path later = folder.resolve("a").resolve("b");
        new SpentFile(later).write(SUMS);
        assertEquals(SUMS, new SpentFile(later).read());
    }

    @Test
    void shouldBelieveNoPartOfIt() throws IOException {
        new SpentFile(folder).write(SUMS);
        Path file = folder.resolve("spent");
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertEquals(Map.of(), new SpentFile(folder).read().byService(), "of " + length + " bytes");
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            Files.write(file, changed);
            assertEquals(Map.of(), new SpentFile(folder).read().byService(), "changed at " + at);
        }
        Files.write(file, whole);
        assertEquals(SUMS, new SpentFile(folder).read());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "proxy-l3l4 spent, layout 2\nday 1\n", "PK\u0003\u0004", "crc32c 00000000\n"})
    void shouldNotTakeAnotherFileForIt(String content) throws IOException {
        Files.writeString(folder.resolve("spent"), content);
        assertEquals(Map.of(), new SpentFile(folder).read().byService());
    }
}

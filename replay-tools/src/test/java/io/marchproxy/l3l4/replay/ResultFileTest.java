package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
    @TempDir
    Path folder;

    @Test
    void shouldTakeItsNameWhenItIsWhole() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "before");

        try (ResultFile result = new ResultFile(file)) {
            Files.writeString(result.path(), "after");
            assertEquals("before", Files.readString(file));
            result.complete();
        }

        assertEquals("after", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void shouldLeaveNothingWhenItIsNot() throws IOException {
        try (ResultFile result = new ResultFile(folder.resolve("file"))) {
            Files.writeString(result.path(), "half");
        }

        assertEquals(List.of(), files());
    }

    @Test
    void shouldWriteWhereALinkPoints() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "before");
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);

        ResultFile.write(link, "after");

        assertEquals("after", Files.readString(file));
        assertTrue(Files.isSymbolicLink(link));
    }

    /** Nothing can take the place of a device or a pipe. */
    @Test
    void shouldWriteADeviceAsItIs() throws IOException {
        ResultFile.write(Path.of("/dev/null"), "gone");

        assertTrue(Files.exists(Path.of("/dev/null")) && !Files.isRegularFile(Path.of("/dev/null")));
    }

    @Test
    void shouldSayWhyThereCanBeNone() {
        assertTrue(assertThrows(UnreadableException.class, () -> new ResultFile(folder))
                .getMessage()
                .endsWith("it is a folder"));
        assertTrue(assertThrows(UnreadableException.class, () -> new ResultFile(folder.resolve("none/file")))
                .getMessage()
                .contains("there is no folder"));
    }

    /** /dev/full is the disk that has no room. */
    @Test
    void shouldNameTheFileThatCanNotBeWritten() throws IOException {
        UnreadableException text =
                assertThrows(UnreadableException.class, () -> ResultFile.write(Path.of("/dev/full"), "no"));
        assertEquals("/dev/full can't be written: No space left on device", text.getMessage());

        try (ResultFile result = new ResultFile(Path.of("/dev/full"))) {
            OutputStream out = result.open();
            out.write(1);
            IOException bytes = assertThrows(IOException.class, out::flush);
            assertEquals(text.getMessage(), bytes.getMessage());
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }
}

package io.marchproxy.l3l4.config.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ConfigContentTest {

    private static final Duration SHORT = Duration.ofMillis(200);

    @TempDir
    private Path folder;

    @Test
    void shouldHoldWhatTheFileHeld() throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "services: []");

        ConfigContent content = ConfigContent.read(file);

        assertArrayEquals("services: []".getBytes(StandardCharsets.UTF_8), content.bytes());
        assertEquals(Optional.empty(), content.problem());
        assertFalse(content.pipe());
        assertFalse(content.gone());
        assertEquals(content.digest(), ConfigContent.readFile(file).digest());
        assertNotEquals(
                content.digest(),
                ConfigContent.read(Files.writeString(file, "services: [x]")).digest());
    }

    @Test
    void shouldReadNoMoreOfAHugeFileThanItMayHold() throws IOException {
        Path file = folder.resolve("huge.yaml");
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            // Far beyond any heap, and yet it takes no room on the disk.
            huge.setLength(3L << 40);
        }

        ConfigContent content = ConfigContent.read(file);

        assertEquals(Optional.of("is larger than 16 MiB"), content.problem());
        assertEquals(0, content.bytes().length);
    }

    @Test
    void shouldTakeAFileOfTheLargestSize() throws IOException {
        Path file = Files.write(folder.resolve("large.yaml"), new byte[ConfigContent.LONGEST_BYTES]);

        assertEquals(ConfigContent.LONGEST_BYTES, ConfigContent.read(file).bytes().length);
        Files.write(file, new byte[ConfigContent.LONGEST_BYTES + 1]);
        assertEquals(
                Optional.of("is larger than 16 MiB"), ConfigContent.read(file).problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/zero", "/dev/null"})
    void shouldRefuseADevice(String device) {
        assertEquals(
                Optional.of("cannot be read: it is a device or a socket; give a file or a pipe"),
                ConfigContent.read(Path.of(device)).problem());
    }

    @Test
    void shouldReadAPipeToItsEndButNotASecondTime() throws Exception {
        Path pipe = pipe();
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                Files.writeString(pipe, "services: []");
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });

        ConfigContent content = ConfigContent.read(pipe);

        writer.join();
        assertEquals("services: []", new String(content.bytes(), StandardCharsets.UTF_8));
        assertTrue(content.pipe());
        assertEquals(
                Optional.of("is a pipe, which can be read at the start alone: put a file in its place"),
                ConfigContent.readFile(pipe).problem());
    }

    @Test
    void shouldNotWaitForEverForSomebodyToWriteToAPipe() throws Exception {
        assertEquals(
                Optional.of("gave no end within 0 s: is nobody writing to the pipe?"),
                ConfigContent.read(pipe(), true, SHORT).problem());
    }

    @Test
    void shouldTellAFileThatIsGoneFromOneThatCannotBeRead() {
        ConfigContent gone = ConfigContent.read(folder.resolve("missing"));
        ConfigContent directory = ConfigContent.read(folder);

        assertTrue(gone.gone());
        assertEquals(Optional.of("does not exist"), gone.problem());
        assertFalse(directory.gone());
        assertEquals(Optional.of("cannot be read: it is a directory"), directory.problem());
        assertNotEquals(gone.digest(), directory.digest());
    }

    private Path pipe() throws Exception {
        Path pipe = folder.resolve("pipe");
        Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
        assertTrue(mkfifo.waitFor(20, TimeUnit.SECONDS));
        assertEquals(0, mkfifo.exitValue());
        return pipe;
    }
}

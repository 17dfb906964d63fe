package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {

    private static final long PATIENCE_SECONDS = 20;

    private final BlockingQueue<String> changes = new LinkedBlockingQueue<>();

    @TempDir
    private Path folder;

    @Test
    void shouldSeeAFileThatIsWrittenInPlace() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            Files.writeString(file, "new", StandardOpenOption.TRUNCATE_EXISTING);

            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldSeeAFileThatIsRenamedOver() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            Path draft = Files.writeString(folder.resolve(".proxy.yaml.swp"), "new");
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);

            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldSeeAFolderOfAConfigMapThatIsSwapped() throws Exception {
        Path first = Files.createDirectory(folder.resolve("..2026_01"));
        Files.writeString(first.resolve("proxy.yaml"), "old");
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2026_01"));
        Path file = Files.createSymbolicLink(folder.resolve("proxy.yaml"), Path.of("..data/proxy.yaml"));
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            for (String content : new String[] {"new", "newer"}) {
                Path next = Files.createDirectory(folder.resolve("..2026_" + content));
                Files.writeString(next.resolve("proxy.yaml"), content);
                Path link = Files.createSymbolicLink(folder.resolve("..data_tmp"), next.getFileName());
                Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

                assertEquals(digestOf(content), next());
            }
        }
    }

    @Test
    void shouldSeeAChangeBehindALinkToAnotherFolder() throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path target = Files.writeString(elsewhere.resolve("real.yaml"), "old");
        Path here = Files.createDirectory(folder.resolve("here"));
        Path file = Files.createSymbolicLink(here.resolve("proxy.yaml"), target);
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            Files.writeString(target, "new");
            assertEquals(digestOf("new"), next());

            Path other = Files.writeString(elsewhere.resolve("other.yaml"), "newer");
            Path link = Files.createSymbolicLink(here.resolve("link"), other);
            Files.move(link, file, StandardCopyOption.ATOMIC_MOVE);
            assertEquals(digestOf("newer"), next());

            Files.writeString(other, "newest");
            assertEquals(digestOf("newest"), next());
        }
    }

    @Test
    void shouldWaitForAFileThatIsGoneToComeBack() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            Files.delete(file);
            Files.writeString(file, "new");

            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldNotMindAChangeThatChangesNothing() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = FileWatch.start(file, changes::add)) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
            Files.writeString(folder.resolve("neighbour"), "anything");
            Files.writeString(file, "old");
            Files.writeString(file, "new");

            // Were any of those taken for a change, it would come first.
            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldRefuseAFolderThatDoesNotExist() {
        assertThrows(IOException.class, () -> FileWatch.start(folder.resolve("nowhere/proxy.yaml"), changes::add));
    }

    @Test
    void shouldTellContentsApartByTheirDigest() throws IOException {
        assertEquals("", FileWatch.digest(folder.resolve("missing")));
        assertNotEquals(digestOf("a"), digestOf("b"));
    }

    private String next() throws InterruptedException {
        String digest = changes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return digest == null ? "no change was seen" : digest;
    }

    private String digestOf(String content) throws IOException {
        return FileWatch.digest(Files.writeString(Files.createTempFile("content", ".txt"), content));
    }
}

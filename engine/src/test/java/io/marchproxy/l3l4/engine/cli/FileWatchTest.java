package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.config.source.ConfigContent;
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

    /** Over what is there, which is no longer, by one call: the file is never seen empty. */
    private static final StandardOpenOption AT_ONCE = StandardOpenOption.WRITE;

    private final BlockingQueue<String> changes = new LinkedBlockingQueue<>();

    @TempDir
    private Path folder;

    @Test
    void shouldSeeAFileThatIsWrittenInPlace() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = watch(file)) {
            Files.writeString(file, "new", StandardOpenOption.TRUNCATE_EXISTING);
            // Who is kept off the CPU between emptying the file and writing it shows it empty.
            String seen = next();
            assertEquals(digestOf("new"), seen.equals(digestOf("")) ? next() : seen);
        }
    }

    @Test
    void shouldSeeAFileThatIsRenamedOver() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = watch(file)) {
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
        try (FileWatch _ = watch(file)) {
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
        try (FileWatch _ = watch(file)) {
            Files.writeString(target, "new", AT_ONCE);
            assertEquals(digestOf("new"), next());

            Path other = Files.writeString(elsewhere.resolve("other.yaml"), "newer");
            Path link = Files.createSymbolicLink(here.resolve("link"), other);
            Files.move(link, file, StandardCopyOption.ATOMIC_MOVE);
            assertEquals(digestOf("newer"), next());

            Files.writeString(other, "newest", AT_ONCE);
            assertEquals(digestOf("newest"), next());
        }
    }

    @Test
    void shouldWaitForAFileThatIsGoneToComeBack() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = watch(file)) {
            Files.delete(file);
            Files.move(Files.writeString(folder.resolve("draft"), "new"), file);

            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldNotMindAChangeThatChangesNothing() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        try (FileWatch _ = watch(file)) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
            Files.writeString(folder.resolve("neighbour"), "anything");
            Files.writeString(file, "old", AT_ONCE);
            Files.writeString(file, "new", AT_ONCE);
            // Were any of those taken for a change, it would come first.
            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldRefuseAFolderThatDoesNotExist() {
        assertThrows(IOException.class, () -> watch(folder.resolve("nowhere/proxy.yaml")));
    }

    @Test
    void shouldSeeAFolderThatIsReplacedAndWhatHappensInTheNewOne() throws Exception {
        Path parent = Files.createDirectories(folder.resolve("etc/proxy"));
        Path file = Files.writeString(parent.resolve("proxy.yaml"), "old");
        try (FileWatch _ = watch(file)) {
            for (String content : new String[] {"new", "newer"}) {
                Path draft = Files.createDirectory(folder.resolve("etc/draft-" + content));
                Files.writeString(draft.resolve("proxy.yaml"), content);
                Files.move(parent, folder.resolve("etc/before-" + content));
                Files.move(draft, parent);
                assertEquals(digestOf(content), next());

                Files.writeString(file, content + ", edited", AT_ONCE);
                assertEquals(digestOf(content + ", edited"), next());
            }
        }
    }

    @Test
    void shouldSeeAFolderFurtherUpThatIsReplaced() throws Exception {
        Path parent = Files.createDirectories(folder.resolve("a/b/c"));
        Path file = Files.writeString(parent.resolve("proxy.yaml"), "old");
        Path draft = Files.createDirectories(folder.resolve("d/b/c"));
        Files.writeString(draft.resolve("proxy.yaml"), "new");
        try (FileWatch _ = watch(file)) {
            Files.move(folder.resolve("a"), folder.resolve("gone"));
            Files.move(folder.resolve("d"), folder.resolve("a"));

            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldTellOfAChangeBetweenReadingAndWatching() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "new");
        try (FileWatch _ = FileWatch.start(file, digestOf("old"), changes::add)) {
            assertEquals(digestOf("new"), next());
        }
    }

    @Test
    void shouldTellOfAFileThatHasBecomeAPipeWithoutWaitingForAWriter() throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), "old");
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        try (FileWatch _ = watch(file)) {
            Files.move(pipe, file, StandardCopyOption.ATOMIC_MOVE);

            assertEquals("is a pipe, which can be read at the start alone: put a file in its place", next());
        }
    }

    private FileWatch watch(Path file) throws IOException {
        return FileWatch.start(file, ConfigContent.readFile(file).digest(), changes::add);
    }

    private String next() throws InterruptedException {
        String digest = changes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return digest == null ? "no change was seen" : digest;
    }

    private String digestOf(String content) throws IOException {
        return ConfigContent.readFile(Files.writeString(Files.createTempFile("content", ".txt"), content))
                .digest();
    }
}

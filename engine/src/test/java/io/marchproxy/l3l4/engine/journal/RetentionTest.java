package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final long DAY_MS = 86_400_000;
    private static final int MEGABYTE = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void shouldMakeRoomForAnotherFileByDeletingTheOldest() throws Exception {
        for (String minute : List.of("0000", "0001", "0002", "0003")) {
            file(minute, MEGABYTE, NOW_MS);
        }
        Files.writeString(folder.resolve("metadata.cq4t"), "is kept");

        new Retention(folder, 4L * MEGABYTE, DAY_MS).prune(NOW_MS);

        assertEquals(List.of("0001", "0002", "0003"), left());
    }

    @Test
    void shouldDeleteWhatIsTooOldButNeverTheNewest() throws Exception {
        file("0000", 10, NOW_MS - 3 * DAY_MS);
        file("0001", 10, NOW_MS - 2 * DAY_MS);
        file("0002", 10, NOW_MS - 2 * DAY_MS);

        new Retention(folder, 1L << 30, DAY_MS).prune(NOW_MS);

        assertEquals(List.of("0002"), left());
    }

    @Test
    void shouldKeepFilesThatAClockSetBackLeftInTheFuture() throws Exception {
        file("0000", 10, NOW_MS + 300 * DAY_MS);
        file("0001", 10, NOW_MS);

        new Retention(folder, 1L << 30, DAY_MS).prune(NOW_MS);

        assertEquals(List.of("0000", "0001"), left());
    }

    @Test
    void shouldKnowTheLastFilesMinute() throws Exception {
        assertEquals(0, new Retention(folder, 1, 1).lastCycle());

        file("0001", 10, NOW_MS);

        assertEquals(24 * 60 + 1, new Retention(folder, 1, 1).lastCycle());
    }

    @Test
    void shouldCutTheBudgetIntoFiles() {
        assertEquals(MEGABYTE, new Retention(folder, 1000, 1).fileBytes());
        assertEquals(100 << 20, new Retention(folder, 800L << 20, 1).fileBytes());
        assertEquals(256 << 20, new Retention(folder, 1L << 40, 1).fileBytes());
    }

    private void file(String minute, int bytes, long modifiedMs) throws IOException {
        Path file = Files.write(folder.resolve("19700102-" + minute + ".cq4"), new byte[bytes]);
        Files.setLastModifiedTime(file, FileTime.fromMillis(modifiedMs));
    }

    private List<String> left() throws IOException {
        return Retention.files(folder).stream()
                .map(path -> path.getFileName().toString().substring(9, 13))
                .toList();
    }
}

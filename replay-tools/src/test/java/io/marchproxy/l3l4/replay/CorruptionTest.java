package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.journal.RecordType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real journal whose bytes were changed in random places. Whatever stands there, the tools come to an end with a message, and
 * {@code verify} does not say of a document that was changed that it shows no difference. More rounds by hand:
 * {@code -Dcorruption.rounds=20000 -Dcorruption.seed=…}.
 */
class CorruptionTest {
    private static final int ROUNDS = Integer.getInteger("corruption.rounds", 100);
    private static final long SEED = Long.getLong("corruption.seed", 20_261_126);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int HEADER = 4;
    private static final int DOCUMENT_CRC = 20;
    private static final int DOCUMENT_RECORDS = 32;
    private static final List<String> COMMANDS = List.of("verify", "stats", "tail");

    /** A document's place in the file, its 4-byte header included. */
    private record Document(int from, int until) {}

    @TempDir
    Path data;

    private Path file;
    private byte[] sound;
    private final List<Document> documents = new ArrayList<>();
    private SplittableRandom random;

    @BeforeEach
    void record() throws IOException {
        // The first file is gone, so that a checkpoint is among what is read.
        try (Wild wild = new Wild(data, SEED, 200, 100, 16_000_000)) {
            while (wild.journals().status().getFirst().checkpoints() == 0) {
                wild.events(500);
            }
            wild.events(500).steady(300).events(500);
        }
        Files.delete(files().getFirst());
        try (Wild wild = new Wild(data, SEED + 1, 200, 100, 16_000_000)) {
            wild.events(500);
        }
        List<Path> files = files();
        assertEquals(2, files.size());
        file = files.getFirst();
        sound = Files.readAllBytes(file);
        ByteBuffer bytes = ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0;
        for (int header = bytes.getInt(0); header > 0; header = bytes.getInt(at)) {
            int end = at + HEADER + (header & 0x3fff_ffff);
            if ((header & 0x4000_0000) == 0) {
                documents.add(new Document(at, end));
            }
            at = end + 3 & -HEADER;
        }
        assertTrue(documents.size() > 1, () -> "documents " + documents);
        assertTrue(repeats(bytes) > 0, "nothing is packed");
        assertEquals(0, Tools.run("verify", data).exitCode());
    }

    /** Records that stand for others. */
    private int repeats(ByteBuffer bytes) {
        int repeats = 0;
        for (Document document : documents) {
            int at = document.from + HEADER + DOCUMENT_RECORDS;
            while (at < document.until) {
                int words = Byte.toUnsignedInt(bytes.get(at + 1));
                repeats += bytes.get(at) == RecordType.REPEAT.ordinal() ? 1 : 0;
                at += words == 0 ? bytes.getInt(at + 4) : 8 * words;
            }
        }
        return repeats;
    }

    @Test
    void shouldFindWhateverWasChanged() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            random = new SplittableRandom(SEED + round);
            byte[] changed = sound.clone();
            String what = change(changed);
            boolean isHarmed = documents.stream()
                    .anyMatch(document -> !Arrays.equals(
                            sound, document.from, document.until, changed, document.from, document.until));
            write(changed);
            check("seed " + (SEED + round) + ": " + what, isHarmed);
        }
    }

    @Test
    void shouldEndWellWhereverAFileIsCut() throws Exception {
        int used = documents.getLast().until;
        for (int round = 0; round < ROUNDS / 4; round++) {
            random = new SplittableRandom(SEED + round);
            int length = random.nextInt(used + used / 8);
            write(Arrays.copyOf(sound, length));
            // The next session begins in another file, so what is missing at the end of this one can be told.
            check("seed " + (SEED + round) + ": cut at " + length, length < used);
        }
    }

    @Test
    void shouldEndWellWhateverRecordsSay() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            random = new SplittableRandom(SEED + round);
            byte[] changed = sound.clone();
            Document document = documents.get(random.nextInt(documents.size()));
            String what = changeRecords(changed, document);
            write(changed);
            check("seed " + (SEED + round) + ": " + what, false);
        }
    }

    private String change(byte[] bytes) {
        int used = documents.getLast().until + 64;
        int at = random.nextInt(16) == 0 ? random.nextInt(bytes.length) : random.nextInt(used);
        if (random.nextInt(3) == 0) {
            Document document = documents.get(random.nextInt(documents.size()));
            at = document.from + random.nextInt(HEADER + DOCUMENT_RECORDS);
        }
        return switch (random.nextInt(5)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield "a bit at " + at;
            }
            case 1 -> {
                bytes[at] = (byte) random.nextInt();
                yield "a byte at " + at;
            }
            case 2 -> {
                int length = Math.min(1 + random.nextInt(64), bytes.length - at);
                for (int i = 0; i < length; i++) {
                    bytes[at + i] = (byte) random.nextInt();
                }
                yield length + " bytes at " + at;
            }
            case 3 -> {
                int length = Math.min(1 + random.nextInt(8_192), bytes.length - at);
                Arrays.fill(bytes, at, at + length, (byte) 0);
                yield length + " zeros at " + at;
            }
            default -> {
                int from = random.nextInt(used);
                int length = Math.min(4 * (1 + random.nextInt(20_000)), Math.min(bytes.length - at, used - from));
                System.arraycopy(sound, from, bytes, at, length);
                yield length + " bytes of " + from + " at " + at;
            }
        };
    }

    /** Changes records and makes the checksum fit again: no accident does that, and no tool may be led astray by who does. */
    private String changeRecords(byte[] bytes, Document document) {
        int from = document.from + HEADER + DOCUMENT_RECORDS;
        int changes = 1 + random.nextInt(3);
        StringBuilder what = new StringBuilder("records changed at");
        for (int i = 0; i < changes; i++) {
            int at = from + random.nextInt(document.until - from);
            if (random.nextInt(4) == 0) {
                ByteBuffer.wrap(bytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(Math.min(at & -8, document.until - 8), random.nextLong() >> random.nextInt(64));
            } else {
                bytes[at] = (byte) random.nextInt();
            }
            what.append(' ').append(at);
        }
        int begin = document.from + HEADER;
        CRC32C crc = new CRC32C();
        crc.update(bytes, begin, DOCUMENT_CRC);
        crc.update(bytes, begin + DOCUMENT_CRC + 4, document.until - begin - DOCUMENT_CRC - 4);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(begin + DOCUMENT_CRC, (int) crc.getValue());
        return what.toString();
    }

    private void check(String what, boolean isHarmed) {
        for (String command : COMMANDS) {
            Tools.Outcome outcome =
                    assertTimeoutPreemptively(PATIENCE, () -> Tools.run(command, data), () -> command + ", " + what);
            String told = command + ", " + what + ": " + outcome;
            assertTrue(outcome.exitCode() >= 0 && outcome.exitCode() <= 2, told);
            assertFalse(outcome.err().contains("\tat "), told);
            assertTrue(outcome.exitCode() == 0 || !(outcome.out() + outcome.err()).isBlank(), told);
            if (isHarmed && command.equals("verify")) {
                assertNotEquals(0, outcome.exitCode(), told);
            }
        }
    }

    private void write(byte[] bytes) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer all = ByteBuffer.wrap(bytes);
            while (all.hasRemaining()) {
                channel.write(all);
            }
        }
    }

    private List<Path> files() throws IOException {
        Path shard = data.resolve("journal/shard-0");
        if (!Files.isDirectory(shard)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(shard)) {
            return all.filter(path -> path.toString().endsWith(".cq4")).sorted().toList();
        }
    }
}

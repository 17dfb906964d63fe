package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files are Chronicle's; what our own reader finds in them is what Chronicle's finds. */
class QueueFileTest {
    private static final int MOST_FILES = 40;

    @TempDir
    Path folder;

    @Test
    void shouldFindWhatChroniclesOwnReaderFinds() throws Exception {
        List<byte[]> written = write(300, 1_000_000);

        assertTrue(Retention.files(folder).size() > 1, "begins a new file by size");
        assertSame(written, ours());
        assertSame(written, chronicles());
    }

    @Test
    void shouldGoOnInANewFileAfterAStop() throws Exception {
        List<byte[]> written = new ArrayList<>(write(3, 100));
        written.addAll(write(3, 100));

        assertEquals(2, Retention.files(folder).size());
        assertSame(written, ours());
        assertSame(written, chronicles());
    }

    @Test
    void shouldNotTakeZerosThatWereWrittenAheadForDocuments() throws Exception {
        write(2, 8);

        assertEquals(2, ours().size());
        assertTrue(Files.size(Retention.files(folder).getFirst()) > 1 << 20);
    }

    @Test
    void shouldSayThatAFileIsCutShort() throws Exception {
        write(3, 60_000);
        Path file = Retention.files(folder).getFirst();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(90_000);
        }

        try (QueueFile cut = new QueueFile(file)) {
            QueueFile.Found found = cut.next();
            while (found == QueueFile.Found.DOCUMENT) {
                found = cut.next();
            }
            assertEquals(QueueFile.Found.TRUNCATED, found);
        }
    }

    /** A writer fills a document before it writes its header; it may be killed at any byte, or be looked at meanwhile. */
    @Test
    void shouldTakeADocumentWithoutAHeaderForTheEndUnlessItIsWhole() throws Exception {
        List<byte[]> written = write(3, 6_000);
        Path path = Retention.files(folder).getFirst();
        long last;
        try (QueueFile file = new QueueFile(path)) {
            file.next();
            file.next();
            last = file.position();
        }
        put(path, last, new byte[Integer.BYTES]);
        assertSame(written, ours());

        byte[] document = written.getLast();
        put(path, last + Integer.BYTES + document.length / 2, new byte[document.length - document.length / 2]);
        assertSame(written.subList(0, 2), ours());
        assertEquals(QueueFile.Found.END, end(path));

        // One that is followed by another is no end.
        long first;
        try (QueueFile file = new QueueFile(path)) {
            file.next();
            first = file.position() - written.getFirst().length - Integer.BYTES;
        }
        put(path, first, new byte[Integer.BYTES]);
        put(path, first + 40, new byte[Long.BYTES]);
        assertEquals(QueueFile.Found.DAMAGED, end(path));
    }

    private static void put(Path path, long at, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), at);
        }
    }

    private static QueueFile.Found end(Path path) throws IOException {
        try (QueueFile file = new QueueFile(path)) {
            QueueFile.Found found = file.next();
            while (found == QueueFile.Found.DOCUMENT) {
                found = file.next();
            }
            return found;
        }
    }

    @Test
    void shouldRefuseAForeignFile() throws Exception {
        for (String text : List.of("x", "services: [ { name: web } ]\n".repeat(10))) {
            Path file = Files.writeString(folder.resolve("20260101-0000.cq4"), text);

            assertThrows(JournalException.class, () -> new QueueFile(file).close(), text);
        }
    }

    @Test
    void shouldTakeAFileThatWasJustMadeForOneWithoutDocuments() throws Exception {
        Path file = Files.write(folder.resolve("20260101-0000.cq4"), new byte[0]);
        try (QueueFile empty = new QueueFile(file)) {
            assertEquals(QueueFile.Found.END, empty.next());
        }
        Files.write(file, new byte[4096]);
        try (QueueFile empty = new QueueFile(file)) {
            assertEquals(QueueFile.Found.END, empty.next());
        }
    }

    private List<byte[]> write(int count, int longest) throws IOException {
        SplittableRandom random = new SplittableRandom(count);
        MemorySegment memory = Arena.global().allocate(1 << 20, 8);
        List<byte[]> written = new ArrayList<>();
        try (JournalStore store =
                new JournalStore(folder, 400_000_000L, Long.MAX_VALUE, new JournalClock(InstantSource.system()))) {
            for (int i = 0; i < count; i++) {
                int records = 8 * (1 + random.nextInt(longest / 8));
                byte[] document =
                        new byte[Math.min(JournalLayout.DOCUMENT_HEADER + records, JournalLayout.LONGEST_DOCUMENT)];
                random.nextBytes(document);
                // One record, of any bytes.
                ByteBuffer sealed = ByteBuffer.wrap(document).order(ByteOrder.LITTLE_ENDIAN);
                sealed.putInt(JournalLayout.DOCUMENT_MAGIC, JournalLayout.MAGIC);
                sealed.putInt(JournalLayout.DOCUMENT_RECORDS, 1);
                sealed.putLong(JournalLayout.DOCUMENT_HEADER, RecordType.SNAP.ordinal());
                sealed.putShort(JournalLayout.DOCUMENT_HEADER + JournalLayout.SNAP_CAPTURED, (short)
                        (document.length - JournalLayout.DOCUMENT_HEADER - JournalLayout.SNAP_BYTES));
                sealed.putInt(
                        JournalLayout.DOCUMENT_HEADER + JournalLayout.LONG_LENGTH,
                        document.length - JournalLayout.DOCUMENT_HEADER);
                MemorySegment.copy(document, 0, memory, ValueLayout.JAVA_BYTE, 0, document.length);
                store.append(
                        memory.address(),
                        memory.address() + JournalLayout.DOCUMENT_HEADER,
                        document.length - JournalLayout.DOCUMENT_HEADER);
                sealed.putInt(JournalLayout.DOCUMENT_CRC, JournalLayout.crc(sealed.duplicate(), new CRC32C()));
                written.add(document);
            }
        }
        return written;
    }

    private List<byte[]> ours() throws IOException {
        List<byte[]> found = new ArrayList<>();
        for (Path path : Retention.files(folder)) {
            try (QueueFile file = new QueueFile(path)) {
                while (file.next() == QueueFile.Found.DOCUMENT) {
                    found.add(file.document().toArray(ValueLayout.JAVA_BYTE));
                }
            }
        }
        return found;
    }

    private List<byte[]> chronicles() {
        List<byte[]> found = new ArrayList<>();
        try (ChronicleQueue queue = SingleChronicleQueueBuilder.binary(folder)
                        .rollCycle(RollClock.CYCLE)
                        .blockSize(4 << 20)
                        .build();
                ExcerptTailer tailer = queue.createTailer()) {
            for (int i = 0; i < MOST_FILES * 1000; i++) {
                try (DocumentContext document = tailer.readingDocument()) {
                    if (!document.isPresent()) {
                        break;
                    }
                    Bytes<?> bytes = document.wire().bytes();
                    byte[] text = new byte[(int) bytes.readRemaining()];
                    bytes.read(text);
                    found.add(text);
                }
            }
        }
        return found;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(Arrays.hashCode(expected.get(i)), Arrays.hashCode(actual.get(i)), "document " + i);
        }
    }
}

package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a shard's journal document by document, across its files. Opens for reading alone, so it may look at the journal of a
 * running service or of one that was killed. What is damaged, foreign or of another layout is refused with a message for the
 * user. One thread.
 */
public final class JournalReader implements AutoCloseable {
    /** A document to come back to. */
    public record Place(Path file, long position, long bytesBefore, long firstRecord, long session) {}

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path folder;
    private final CRC32C crc = new CRC32C();
    private final DocumentUnpacker unpacker = new DocumentUnpacker();
    private @Nullable QueueFile file;
    private String lastName = "";
    private long bytesBefore;
    private MemorySegment document = MemorySegment.NULL;
    private long documentAt;
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private long expectedFirst = -1;
    private long expectedSession;
    private boolean beginsSession;

    /**
     * A reader before the first document.
     *
     * @param folder a shard's
     */
    public JournalReader(Path folder) {
        this.folder = folder;
    }

    /** Skips all files but the last. Before the first document. */
    public void toLastFile() throws IOException {
        List<Path> files = Retention.files(folder);
        if (files.size() > 1) {
            lastName = Retention.stem(files.get(files.size() - 2));
        }
    }

    /**
     * Goes to the next document.
     *
     * @return false when there is none; there may be later, when the service runs
     * @throws JournalException when what comes next is no part of a journal of this layout
     */
    public boolean next() throws IOException {
        while (true) {
            QueueFile open = file;
            if (open == null) {
                if (!openNext()) {
                    return false;
                }
                continue;
            }
            documentAt = open.position();
            QueueFile.Found found = open.next();
            if (found == QueueFile.Found.END) {
                open.refresh();
                found = open.next();
            }
            switch (found) {
                case DOCUMENT -> {
                    document = open.document();
                    bytes = document.asByteBuffer();
                    check(open);
                    return true;
                }
                case DAMAGED ->
                    throw new JournalException(open.path() + ", after byte " + open.position()
                            + ": damaged (what stands there was never written so)");
                case TRUNCATED ->
                    throw new JournalException(open.path() + " is cut short: it ends within a document at byte "
                            + open.position() + " of " + open.size());
                case CLOSED, END -> {
                    if (!openNext()) {
                        return false;
                    }
                }
            }
        }
    }

    private boolean openNext() throws IOException {
        for (Path path : Retention.files(folder)) {
            String name = Retention.stem(path);
            if (name.compareTo(lastName) > 0) {
                QueueFile before = file;
                QueueFile next;
                try {
                    next = new QueueFile(path);
                } catch (NoSuchFileException e) {
                    // Pruned between the listing and now.
                    continue;
                }
                if (before != null) {
                    bytesBefore += before.size();
                    before.close();
                }
                file = next;
                lastName = name;
                return true;
            }
        }
        return false;
    }

    /** Where the document at hand stands. */
    public Place place() {
        QueueFile open = file;
        if (open == null) {
            throw new IllegalStateException("there is no document at hand");
        }
        return new Place(open.path(), documentAt, bytesBefore, firstRecord(), session());
    }

    /**
     * Goes back, so that {@link #next} finds that document again.
     *
     * @throws IOException when its file is gone meanwhile
     */
    public void back(Place to) throws IOException {
        QueueFile open = file;
        if (open == null || !open.path().equals(to.file())) {
            QueueFile before = new QueueFile(to.file());
            if (open != null) {
                open.close();
            }
            open = before;
            file = open;
            lastName = Retention.stem(to.file());
            bytesBefore = to.bytesBefore();
        }
        open.seek(to.position());
        expectedFirst = to.firstRecord();
        expectedSession = to.session();
    }

    private void check(QueueFile open) throws JournalException {
        long size = document.byteSize();
        String where = open.path() + ", before byte " + open.position();
        if (size < JournalLayout.DOCUMENT_HEADER
                || document.get(INT, JournalLayout.DOCUMENT_MAGIC) != JournalLayout.MAGIC) {
            throw new JournalException(where + ": a document that is none of a journal's");
        }
        int version = Short.toUnsignedInt(document.get(SHORT, JournalLayout.DOCUMENT_VERSION));
        if (version != JournalLayout.VERSION) {
            throw new JournalException(
                    where + ": written in layout " + version + "; this program reads layout " + JournalLayout.VERSION);
        }
        if (JournalLayout.crc(bytes, crc) != document.get(INT, JournalLayout.DOCUMENT_CRC)) {
            throw new JournalException(where + ": damaged (the checksum does not fit)");
        }
        requireWhole(where);
        requireNext(where);
        beginsSession = firstRecord() == 0 || session() != expectedSession || expectedFirst < 0;
        expectedSession = session();
        expectedFirst = firstRecord() + records();
    }

    private void requireWhole(String where) throws JournalException {
        long from = document.address() + JournalLayout.DOCUMENT_HEADER;
        boolean isSound = unpacker.unpack(from, document.byteSize() - JournalLayout.DOCUMENT_HEADER);
        int count = unpacker.records();
        if (!isSound) {
            throw new JournalException(where + ": damaged (record " + count + " has no sense)");
        }
        if (count != records()) {
            throw new JournalException(where + ": damaged (" + count + " records instead of " + records() + ")");
        }
    }

    /** Only old files are deleted, so nothing is missing but at the very begin, save for what a GAP owns up to. */
    private void requireNext(String where) throws JournalException {
        long first = firstRecord();
        if (expectedFirst < 0 || first == 0 || beginsWithGap()) {
            return;
        }
        if (session() != expectedSession) {
            throw new JournalException(where + ": records before number " + first + " of the session are missing");
        } else if (first > expectedFirst) {
            throw new JournalException(
                    where + ": records " + expectedFirst + " to " + (first - 1) + " of the session are missing");
        } else if (first < expectedFirst) {
            throw new JournalException(where + ": records from " + first + " on are there twice");
        }
    }

    private boolean beginsWithGap() {
        return records() > 0 && Records.type(recordsAt()) == RecordType.GAP;
    }

    /** Which start of the service the document is of. */
    public long session() {
        return document.get(LONG, JournalLayout.DOCUMENT_SESSION);
    }

    /** The number of the document's first record within its session, from 0. */
    public long firstRecord() {
        return document.get(LONG, JournalLayout.DOCUMENT_FIRST);
    }

    /**
     * Whether another session begins with this document. Its number alone does not tell: when the wall clock was set back,
     * two starts may have the same.
     */
    public boolean beginsSession() {
        return beginsSession;
    }

    /** Bytes that the document takes in its file, packed. */
    public long documentBytes() {
        return document.byteSize();
    }

    /** Records in the document. */
    public int records() {
        return document.get(INT, JournalLayout.DOCUMENT_RECORDS);
    }

    /** The address of the document's first record; valid until {@link #next}. */
    public long recordsAt() {
        return unpacker.begin();
    }

    /** The address after the document's last record. */
    public long recordsEnd() {
        return unpacker.end();
    }

    /** Bytes of files read so far. */
    public long bytesRead() {
        QueueFile open = file;
        return bytesBefore + (open == null ? 0 : open.position());
    }

    /** Bytes of all files, sparse parts included. */
    public static long bytes(Path folder) throws IOException {
        long bytes = 0;
        for (Path path : Retention.files(folder)) {
            bytes += Files.size(path);
        }
        return bytes;
    }

    /**
     * The shards' folders under a folder, by number.
     *
     * @param folder a data folder, the journal in it, or one shard's part of that
     * @throws JournalException when there is no journal
     */
    public static List<Path> shards(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new JournalException(folder + (Files.exists(folder) ? " is no folder" : " is not there"));
        }
        Path journal = Files.isDirectory(folder.resolve("journal")) ? folder.resolve("journal") : folder;
        if (!Retention.files(journal).isEmpty()) {
            return List.of(journal);
        }
        List<Path> shards;
        try (Stream<Path> all = Files.list(journal)) {
            shards = all.filter(path -> path.getFileName().toString().matches("shard-[0-9]{1,5}"))
                    .sorted(Comparator.comparingInt(path ->
                            Integer.parseInt(path.getFileName().toString().substring(6))))
                    .toList();
        }
        if (shards.isEmpty()) {
            throw new JournalException("there is no journal in " + folder
                    + ": a journal is a folder shard-0, shard-1, … of files that end in .cq4");
        }
        return shards;
    }

    @Override
    public void close() throws IOException {
        unpacker.close();
        QueueFile open = file;
        if (open != null) {
            open.close();
        }
    }
}

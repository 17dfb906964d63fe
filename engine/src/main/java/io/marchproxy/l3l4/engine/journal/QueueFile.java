package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * The documents in one file of a Chronicle Queue, read without Chronicle: opened for reading alone, never past its end, and
 * without the queue's table of files, so that a copy, a file of a process that was killed, or one that was cut short can be
 * looked at, and none is changed by it.
 *
 * <p>A file is a row of documents, each behind a 4-byte header: a length, and two bits that say "not complete" and "not data".
 * Both bits without a length end the file; zero is where nobody has written yet. A test holds this against Chronicle's own
 * reader.
 */
final class QueueFile implements AutoCloseable {
    /** What {@link #next()} found. */
    enum Found {
        DOCUMENT,
        /** The file was closed by its writer. */
        CLOSED,
        /** Nobody has written further, or has not finished to; there may be more later. */
        END,
        /** The file ends within a document. */
        TRUNCATED,
        /** What stands there is not what a writer leaves behind, whenever it is stopped. */
        DAMAGED
    }

    private static final int NOT_COMPLETE = 0x8000_0000;
    private static final int NOT_DATA = 0x4000_0000;
    private static final int LENGTH_MASK = 0x3fff_ffff;
    private static final int HEADER = Integer.BYTES;
    private static final int LOOKED_AT = 64;
    private static final String STORE = "SCQStore";

    /** Chronicle's index of a minutely queue has 2,048 entries of 8 bytes, and its store header is smaller. */
    private static final int LONGEST_INDEX = 64 << 10;

    /** Behind the header that closes a file Chronicle writes a word, for people to read. */
    private static final int END_MARK = 4;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle HEADER_INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final FileChannel channel;
    private final Arena arena = Arena.ofShared();
    private MemorySegment file;
    private long position;
    private long document;
    private int length;

    /** Where the file was found to end as it should, so that who follows it does not look again and again. */
    private long soundEnd = -1;

    /**
     * Opens a file.
     *
     * @throws JournalException when it is no queue file
     */
    QueueFile(Path path) throws IOException {
        this.path = path;
        channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            requireStore();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A file that Chronicle has just made is empty or begins with zeros, or with a header that is not complete yet. */
    private void requireStore() throws JournalException {
        if (file.byteSize() == 0) {
            return;
        }
        byte[] begin = new byte[(int) Math.min(file.byteSize(), LOOKED_AT)];
        // Before what it stands in front of: it is written last, and a file that is just being made shall not look
        // foreign.
        int header = begin.length < HEADER ? NOT_DATA : (int) HEADER_INT.getAcquire(file, 0L);
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, 0, begin, 0, begin.length);
        // Chronicle takes its place by "not complete" alone, without a length.
        boolean isNew = header == 0 || (header & (NOT_COMPLETE | LENGTH_MASK)) == NOT_COMPLETE;
        if (!isNew && !new String(begin, StandardCharsets.ISO_8859_1).contains(STORE)) {
            throw new JournalException(path + " is no file of a journal");
        }
    }

    /** Goes to the next document of data. */
    Found next() {
        while (true) {
            if (position + HEADER > file.byteSize()) {
                return position == file.byteSize() ? Found.END : Found.TRUNCATED;
            }
            int header = header();
            int bytes = header & LENGTH_MASK;
            if (header == 0 || (header & NOT_COMPLETE) != 0) {
                if (header == 0 && isWhole()) {
                    return Found.DOCUMENT;
                }
                if (isEnd(header)) {
                    return header == (NOT_COMPLETE | NOT_DATA) ? Found.CLOSED : Found.END;
                }
                if (header() == header) {
                    return Found.DAMAGED;
                }
                // Its writer has gone on meanwhile.
                continue;
            }
            if (position + HEADER + bytes > file.byteSize()) {
                return Found.TRUNCATED;
            }
            boolean isData = (header & NOT_DATA) == 0;
            if (!isData && (bytes > LONGEST_INDEX || holdsDocument(position + HEADER, bytes))) {
                return Found.DAMAGED;
            }
            document = position + HEADER;
            length = bytes;
            position = (document + bytes + HEADER - 1) & -HEADER;
            if (isData) {
                return Found.DOCUMENT;
            }
        }
    }

    private int header() {
        return (int) HEADER_INT.getAcquire(file, position);
    }

    /**
     * Whether a file may end with this header. A writer fills the place of a document first, and writes its header last; of its
     * own Chronicle writes an incomplete header before. So behind a header that is not complete, or is zero, there is no more
     * than one document.
     */
    private boolean isEnd(int header) {
        if ((header & LENGTH_MASK) != 0) {
            return false;
        }
        if (soundEnd != position) {
            long from = position
                    + HEADER
                    + switch (header) {
                        case 0 -> isUnfinished() ? JournalLayout.LONGEST_DOCUMENT : 0;
                        // What a writer that was killed may have left of a document whose header it had not finished.
                        case NOT_COMPLETE -> JournalLayout.LONGEST_DOCUMENT;
                        default -> END_MARK;
                    };
            if (!isZero(Math.min(from, file.byteSize()))) {
                return false;
            }
            soundEnd = position;
        }
        return true;
    }

    /** Whether one document of ours has been begun where no header is yet, and no other behind it. */
    private boolean isUnfinished() {
        long begin = position + HEADER;
        long end = Math.min(begin + JournalLayout.LONGEST_DOCUMENT, file.byteSize());
        return isBegun() && !holdsDocument(begin + Integer.BYTES, (int) (end - begin) - Integer.BYTES);
    }

    private boolean isBegun() {
        long begin = position + HEADER;
        return begin + JournalLayout.DOCUMENT_HEADER <= file.byteSize() && file.get(INT, begin) == JournalLayout.MAGIC;
    }

    /** Whether a document stands here to its last byte, though its writer was stopped before its header; then it is at hand. */
    private boolean isWhole() {
        if (!isBegun()) {
            return false;
        }
        long begin = position + HEADER;
        long end = Math.min(begin + JournalLayout.LONGEST_DOCUMENT, file.byteSize());
        int left = file.get(INT, begin + JournalLayout.DOCUMENT_RECORDS);
        long at = begin + JournalLayout.DOCUMENT_HEADER;
        while (left > 0) {
            int bytes = RecordChecks.length(file.address() + at, end - at);
            if (bytes == 0) {
                return false;
            }
            left -= Records.count(file.address() + at);
            at += bytes;
        }
        MemorySegment found = file.asSlice(begin, at - begin);
        if (left < 0
                || JournalLayout.crc(found.asByteBuffer(), new CRC32C())
                        != found.get(INT, JournalLayout.DOCUMENT_CRC)) {
            return false;
        }
        document = begin;
        length = (int) (at - begin);
        position = (at + HEADER - 1) & -HEADER;
        return true;
    }

    private boolean isZero(long from) {
        long at = from;
        for (; at + Long.BYTES <= file.byteSize(); at += Long.BYTES) {
            if (file.get(LONG, at) != 0) {
                return false;
            }
        }
        for (; at < file.byteSize(); at++) {
            if (file.get(ValueLayout.JAVA_BYTE, at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether a document of ours stands in what says of itself that it is Chronicle's index, which holds small numbers alone. */
    private boolean holdsDocument(long from, int bytes) {
        for (long at = from; at + Integer.BYTES <= from + bytes; at += Integer.BYTES) {
            if (file.get(INT, at) == JournalLayout.MAGIC) {
                return true;
            }
        }
        return false;
    }

    /** Goes to a document's header, where {@link #position()} was once. */
    void seek(long to) {
        position = to;
    }

    /** The document that {@link #next()} found; valid until this file is closed or looked at again. */
    MemorySegment document() {
        return file.asSlice(document, length);
    }

    /** Where the next document's header stands or will stand, in bytes from the file's begin. */
    long position() {
        return position;
    }

    /** The file's length when it was last looked at. */
    long size() {
        return file.byteSize();
    }

    /** Looks how long the file is by now; for a file that is followed, since each new length is another map until it is closed. */
    void refresh() throws IOException {
        if (channel.size() != file.byteSize()) {
            file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        arena.close();
        channel.close();
    }
}

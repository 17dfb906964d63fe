package io.marchproxy.l3l4.engine.state;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code sessions}: what a service that stops as it should leaves beside the map, so that the next start need not wait for
 * Chronicle (some tenths of a second) to know the sessions. That it is there also says that the map was closed.
 *
 * <pre>
 *  0| magic "MPFS" | layout || 8| sessions | CRC-32C of them || 16| key, value | key, value | …
 * </pre>
 */
final class SessionsFile {
    private static final Logger LOG = LoggerFactory.getLogger(SessionsFile.class);

    /** "MPFS" as a little-endian number. */
    private static final int MAGIC = 0x5346504d;

    private static final int HEADER = 16;
    private static final int SESSION = FlowStateLayout.KEY_SIZE + FlowStateLayout.VALUE_SIZE;

    private SessionsFile() {}

    /** Takes sessions one after the other. */
    interface Sessions {
        void add(byte[] key, byte[] value);
    }

    /** Says them one after the other. */
    interface Source {
        void forEach(Sessions to) throws IOException;
    }

    static Path in(Path folder) {
        return folder.resolve("sessions");
    }

    /** Sees to it that what was written is there after a loss of power, too. */
    interface Disk {
        Disk REAL = path -> {
            try (FileChannel file = FileChannel.open(path)) {
                file.force(true);
            }
        };

        /** Of a file, or of the names in a folder. */
        void force(Path path) throws IOException;
    }

    /** Writes them, all or none; what the source did before they are there lasts before they do. */
    static void write(Path folder, Source source, Disk disk) throws IOException {
        Path unfinished = folder.resolve("sessions.new");
        CRC32C crc = new CRC32C();
        int[] count = {0};
        try (FileChannel file = FileChannel.open(
                        unfinished,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(file), 1 << 16)) {
            out.write(new byte[HEADER]);
            source.forEach((key, value) -> {
                crc.update(key);
                crc.update(value);
                count[0]++;
                try {
                    out.write(key);
                    out.write(value);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            out.flush();
            ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
            header.putInt(MAGIC)
                    .putInt(FlowStateLayout.VERSION)
                    .putInt(count[0])
                    .putInt((int) crc.getValue());
            file.write(header.flip(), 0);
        } catch (UncheckedIOException e) {
            Files.deleteIfExists(unfinished);
            throw e.getCause();
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        disk.force(unfinished);
        Files.move(unfinished, in(folder), StandardCopyOption.ATOMIC_MOVE);
        disk.force(folder);
    }

    /**
     * Reads them.
     *
     * @return false when there is no such file, or none that can be believed: the map itself is to be asked then
     */
    static boolean read(Path folder, Sessions to) throws IOException {
        Path path = in(folder);
        if (!Files.exists(path)) {
            return false;
        }
        try (FileChannel file = FileChannel.open(path)) {
            if (file.size() > Integer.MAX_VALUE) {
                return refused(path);
            }
            ByteBuffer all =
                    file.map(FileChannel.MapMode.READ_ONLY, 0, file.size()).order(ByteOrder.LITTLE_ENDIAN);
            if (all.remaining() < HEADER || all.getInt() != MAGIC || all.getInt() != FlowStateLayout.VERSION) {
                return refused(path);
            }
            long count = Integer.toUnsignedLong(all.getInt());
            int expected = all.getInt();
            CRC32C crc = new CRC32C();
            crc.update(all.duplicate());
            if (all.remaining() != count * SESSION || (int) crc.getValue() != expected) {
                return refused(path);
            }
            byte[] key = new byte[FlowStateLayout.KEY_SIZE];
            byte[] value = new byte[FlowStateLayout.VALUE_SIZE];
            for (long i = 0; i < count; i++) {
                all.get(key).get(value);
                to.add(key, value);
            }
            return true;
        }
    }

    private static boolean refused(Path path) {
        LOG.warn("flow state: {} is not as this version writes it; the sessions are looked for in the map", path);
        return false;
    }

    /** From here on the map is not closed any more; that must not be forgotten before the map is written to. */
    static void delete(Path folder, Disk disk) throws IOException {
        if (Files.deleteIfExists(in(folder))) {
            disk.force(folder);
        }
    }
}

package io.marchproxy.l3l4.replay.pcap;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens captures, whichever of the formats they are in. */
public final class Captures {
    private static final int GZIP_MAGIC = 0x1f8b;
    private static final int BUFFER_BYTES = 64 << 10;

    private Captures() {}

    /**
     * Opens a capture: pcap with times in µs or ns, or pcapng, in either byte order, as it is or compressed by gzip.
     *
     * @param in closed with the reader, or at a failure
     * @param name for messages
     * @throws CaptureException when it is none of these
     */
    public static CaptureReader open(InputStream in, String name) throws IOException {
        ByteWindow window = new ByteWindow(unpacked(in, name));
        try {
            return reader(window, name);
        } catch (IOException | RuntimeException e) {
            window.close();
            throw e;
        }
    }

    private static InputStream unpacked(InputStream in, String name) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in, BUFFER_BYTES);
        buffered.mark(2);
        int magic = (buffered.read() << Byte.SIZE) | buffered.read();
        buffered.reset();
        if (magic != GZIP_MAGIC) {
            return buffered;
        }
        try {
            return new GZIPInputStream(buffered, BUFFER_BYTES);
        } catch (EOFException | ZipException e) {
            buffered.close();
            throw new CaptureException(
                    name + " is compressed, but its first bytes make no sense (" + e.getMessage() + ")");
        }
    }

    private static CaptureReader reader(ByteWindow in, String name) throws IOException {
        if (in.isEmpty()) {
            String fault = in.fault();
            throw new CaptureException(name + " is empty" + (fault == null ? "" : ": " + fault));
        }
        if (!in.has(Integer.BYTES)) {
            throw foreign(name);
        }
        if (in.s32(0) == PcapngReader.SECTION) {
            return new PcapngReader(in, name);
        }
        for (boolean swapped : new boolean[] {false, true}) {
            in.swapped(swapped);
            if (in.s32(0) == PcapReader.MICROSECONDS || in.s32(0) == PcapReader.NANOSECONDS) {
                return new PcapReader(in, name);
            }
        }
        throw foreign(name);
    }

    private static CaptureException foreign(String name) {
        return new CaptureException(name + " is no capture: neither pcap nor pcapng begins like this");
    }
}

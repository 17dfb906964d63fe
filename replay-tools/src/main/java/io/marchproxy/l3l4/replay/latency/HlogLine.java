package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.replay.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * An interval's line of a log.
 *
 * @param where file and line number, for messages
 * @param stage its tag, or the file's name where it has none
 * @param startMs since 1970
 * @param endMs since 1970
 * @param encoded the histogram, compressed and in Base64
 */
record HlogLine(String where, String stage, long startMs, long endMs, String encoded) {
    /** Whether the histogram can be read. */
    boolean isSound() {
        try {
            histogram();
            return true;
        } catch (UnreadableException _) {
            return false;
        }
    }

    /** The interval's histogram. */
    Histogram histogram() throws UnreadableException {
        try {
            return Histogram.decodeFromCompressedByteBuffer(
                    ByteBuffer.wrap(Base64.getDecoder().decode(encoded)), 0);
        } catch (DataFormatException | RuntimeException e) {
            // The library answers damaged bytes with whatever exception it runs into.
            throw new UnreadableException(where + ": holds no histogram that can be read: " + e.getMessage());
        }
    }
}

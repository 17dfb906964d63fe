package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a capture packet by packet, in bounded memory. What ends it early is told by {@link #damage}, since what came before is
 * good; never throws for what the bytes are. One thread.
 */
public abstract class CaptureReader implements AutoCloseable {
    /** {@link #timeNs} of a packet that has none that could be used. */
    public static final long NO_TIME = Long.MIN_VALUE;

    /** Longer packets than any tool captures (libpcap's MAXIMUM_SNAPLEN). */
    static final int LONGEST_PACKET_BYTES = 262_144;

    final ByteWindow in;
    private @Nullable String damage;

    /** The packet at hand. */
    long timeNs;

    int linkType;
    long address;
    int capturedBytes;
    int originalBytes;

    CaptureReader(ByteWindow in) {
        this.in = in;
    }

    /** Goes to the next packet. False at the end, or where the capture is cut short or damaged. */
    public final boolean next() throws IOException {
        boolean found = damage == null && advance();
        if (!found && damage == null) {
            damage = in.fault();
        }
        return found;
    }

    /** Finds the next packet, or calls {@link #damaged}, or answers false at the end. */
    abstract boolean advance() throws IOException;

    /** Notes where and why it can't go on; false, for the caller to answer. */
    final boolean damaged(String what) {
        String why = in.fault();
        damage = why != null ? why : what + " at byte " + in.offset();
        return false;
    }

    final boolean cutShort(String within) {
        return damaged("it is cut short: it ends within " + within + " that begins");
    }

    /** Takes in the packet at an offset from the window's position. */
    final void packet(int offset, long captured, long original) {
        address = in.at(offset);
        capturedBytes = (int) captured;
        originalBytes = (int) Math.clamp(original, captured, Integer.MAX_VALUE);
    }

    /** When it was captured, in nanoseconds since 1970; {@link #NO_TIME} when it does not say, or nothing that could be. */
    public final long timeNs() {
        return timeNs;
    }

    /** What it begins with (tcpdump.org/linktypes.html). */
    public final int linkType() {
        return linkType;
    }

    /** Where its bytes stand off heap, until the next packet. */
    public final long address() {
        return address;
    }

    /** How many of them are there. */
    public final int capturedBytes() {
        return capturedBytes;
    }

    /** How many there were on the wire; at least as many. */
    public final int originalBytes() {
        return originalBytes;
    }

    /** Why it ended early, as the end of a sentence about the capture; null when it did not. */
    public final @Nullable String damage() {
        return damage;
    }

    @Override
    public final void close() throws IOException {
        in.close();
    }
}

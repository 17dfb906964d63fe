package io.marchproxy.l3l4.engine.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Says into what a socket's next bytes are read: a pooled buffer sized by what came lately or, while the gate is closed,
 * nothing at all. One per socket; event loop's thread.
 *
 * <p>Not asking Netty to read is not enough to stop it. When the peer has sent its FIN, the native transports read on their
 * own until the socket's receive queue, megabytes of it, is empty; that would break the bound of memory per connection. A
 * read into a buffer without room takes nothing, so the bytes stay in the kernel until the gate opens.
 *
 * <p>The end of the stream is kept here, and Netty is told that nothing came. It would otherwise shut the input side, and
 * never again report a reset that follows (and spin on it, with level-triggered epoll).
 */
final class ReadGate implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle {
    static final int SMALLEST_BYTES = 2 * 1024;
    static final int LARGEST_BYTES = 64 * 1024;

    /** Buffers that one readiness may fill; more would let a bulk flow crowd out others of the batch. */
    private static final int READS_AT_ONCE = 4;

    private static final int GROWTH_SHIFT = 2;
    private static final int SHRINK_AFTER = 2;

    private final int largest;
    private int nextBytes = SMALLEST_BYTES;
    private int lowReads;
    private int reads;
    private int attempted;
    private int last;
    private boolean open;
    private boolean roomless;
    private boolean knocked;
    private boolean ended;

    /** A closed gate, whose buffers never exceed {@code limitBytes} unless that is less than the smallest buffer. */
    ReadGate(int limitBytes) {
        largest = Math.clamp(Integer.highestOneBit(limitBytes), SMALLEST_BYTES, LARGEST_BYTES);
    }

    void open() {
        open = true;
    }

    void close() {
        open = false;
    }

    boolean isOpen() {
        return open;
    }

    /** Whether the sender's FIN has been read. */
    boolean ended() {
        return ended;
    }

    /** Whether the transport tried to read while the gate was closed: the peer has ended or reset the connection. */
    boolean takeKnock() {
        boolean was = knocked;
        knocked = false;
        return was;
    }

    @Override
    @SuppressWarnings("deprecation") // the interface says so of its plain handle; this is the extended one
    public Handle newHandle() {
        return this;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
        roomless = !open || ended;
        if (roomless) {
            knocked = true;
            return Unpooled.EMPTY_BUFFER;
        }
        return allocator.ioBuffer(nextBytes);
    }

    @Override
    public int guess() {
        return nextBytes;
    }

    @Override
    public void reset(ChannelConfig config) {
        reads = 0;
    }

    @Override
    public void incMessagesRead(int messages) {
        reads += messages;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
        attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
        return attempted;
    }

    @Override
    public void lastBytesRead(int bytes) {
        last = Math.max(bytes, 0);
        if (bytes > 0) {
            adapt(bytes);
        } else if (bytes < 0 && !roomless) {
            ended = true;
        }
    }

    @Override
    public int lastBytesRead() {
        return last;
    }

    @Override
    public boolean continueReading() {
        return open && last == attempted && last > 0 && reads < READS_AT_ONCE;
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
        return continueReading();
    }

    @Override
    public void readComplete() {
        // nothing to conclude: sizes adapt with each read
    }

    private void adapt(int bytes) {
        if (bytes >= nextBytes) {
            nextBytes = Math.min(nextBytes << GROWTH_SHIFT, largest);
            lowReads = 0;
        } else if (bytes > nextBytes / 4) {
            lowReads = 0;
        } else if (++lowReads >= SHRINK_AFTER) {
            nextBytes = Math.max(nextBytes / 2, SMALLEST_BYTES);
            lowReads = 0;
        }
    }
}

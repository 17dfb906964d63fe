package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection behind the stages: hands bytes to its receiving socket in the order in which the stages let
 * them go, from memory or out of the pipe that they wait in, and keeps the books of what the kernel has not yet taken.
 * Nothing is allocated per write.
 *
 * <p>Event loop's thread.
 */
final class Writer implements BatchedEgress {
    private static final int FIRST_SLOTS = 4;
    private static final int CLASS_SHIFT = 60;
    private static final long UNBOOKED = 7L << CLASS_SHIFT;

    /** A write that is a part of one, and counts no packet of its own. */
    private static final long PART = 1L << 59;

    /** A write whose bytes were in a pipe, and weigh what they weighed there. */
    private static final long MOVED = 1L << 58;

    private static final long LENGTH = (1L << Integer.SIZE) - 1;
    private static final int IN_THE_WAY = FdReadiness.ERROR | FdReadiness.HUNG_UP;

    private final TcpConnection connection;
    private final Direction direction;
    private final StreamSocket receiver;
    private final TcpShard shard;
    private final TrafficBooks books;
    private final int service;

    private @Nullable Reader reader;

    /** What waits, oldest at {@code head}: where its bytes are, and its class and length. Rings of one power of two. */
    private @Nullable Payload[] payloads = new @Nullable Payload[FIRST_SLOTS];

    private long[] writes = new long[FIRST_SLOTS];
    private int head;
    private int count;

    /** How much of the oldest the kernel has taken. */
    private int takenBytes;

    private int dscp = PacketDescriptor.DSCP_UNCHANGED;
    private boolean full;
    private boolean failed;
    private boolean dirty;
    private boolean finWanted;
    private boolean shut;

    /**
     * Writes to one side.
     *
     * @param direction that the bytes written here go
     * @param service that they are counted for
     */
    Writer(TcpConnection connection, Direction direction, StreamSocket receiver, TcpShard shard, int service) {
        this.connection = connection;
        this.direction = direction;
        this.receiver = receiver;
        this.shard = shard;
        this.books = shard.completionBooks();
        this.service = service;
    }

    /** Tells the reader of the same direction, whose backpressure depends on what is written here. */
    void serves(Reader sender) {
        reader = sender;
    }

    /** Sends what goes before all bytes of the client, and is in no books. */
    void begin(ByteBuf header) {
        int length = header.readableBytes();
        Chunk bytes = shard.chunks().take(length);
        bytes.fill(header);
        push(bytes, UNBOOKED | length);
        send();
    }

    /** Takes bytes that the egress's books hold already; they leave with the next {@link #flush()}. */
    void write(Payload bytes, int length, int trafficClass) {
        push(bytes, (long) trafficClass << CLASS_SHIFT | length);
        if (!dirty) {
            dirty = true;
            shard.dirty(this);
        }
    }

    /**
     * Leaves the socket with a code point from now on, 0 to 63 (RFC 2474); the ECN bits of TCP are the kernel's. What was written before
     * goes first, or the whole batch would leave as its last piece does.
     */
    void mark(int codePoint) {
        if (codePoint != dscp && codePoint != PacketDescriptor.DSCP_UNCHANGED) {
            if (count > 0 && !full && !connection.isOver()) {
                send();
            }
            dscp = codePoint;
            if (!receiver.mark(codePoint)) {
                shard.markFailed();
            }
        }
    }

    /** Passes the sender's end of stream on, once every byte before it has been taken by the kernel. */
    void finish() {
        finWanted = true;
        if (count == 0) {
            shutOutput();
        }
    }

    @Override
    public void flush() {
        dirty = false;
        if (!full && !connection.isOver()) {
            send();
        }
    }

    /** The socket has changed. */
    void ready(int events) {
        if (full && (events & (FdReadiness.WRITABLE | IN_THE_WAY)) != 0) {
            full = false;
            send();
        }
    }

    /** Whether the kernel has not taken everything. */
    boolean hasUnsent() {
        return count > 0;
    }

    /** Whether the receiver has been sent our FIN. */
    boolean isShut() {
        return shut;
    }

    /** The connection is over: what waits will not be sent, and is counted so. */
    void release() {
        while (count > 0) {
            drop();
        }
    }

    private void send() {
        while (count > 0 && !full && !failed) {
            Payload bytes = oldest();
            int left = length(writes[head]) - takenBytes;
            int sent = bytes instanceof Pipe pipe ? splice(pipe, left) : receiver.write((Chunk) bytes);
            if (sent > 0) {
                taken(bytes, sent, left);
            } else if (sent == -Errno.EAGAIN) {
                full = true;
            } else if (sent != -Errno.EINTR) {
                failed = true;
            }
        }
        if (failed) {
            release();
            connection.broken(direction.opposite());
        } else if (finWanted && count == 0) {
            shutOutput();
        }
    }

    private int splice(Pipe pipe, int bytes) {
        int moved = shard.splice(pipe.readEnd(), receiver.descriptor(), bytes);
        if (!PipePool.isRefusal(moved)) {
            return moved;
        }
        shard.pipes().refuse("splice(2) to a socket", -moved);
        return copyOut(pipe, bytes);
    }

    /**
     * Takes bytes whose way to the socket the kernel refuses out of their pipe, and puts them in front of what is left there.
     *
     * @return −EINTR, to go on with them, or the error
     */
    private int copyOut(Pipe pipe, int bytes) {
        Chunk copy = shard.chunks().take(ChunkPool.LARGEST);
        int read = shard.readOut(pipe, copy, Math.min(bytes, copy.capacity()));
        if (read <= 0) {
            shard.chunks().give(copy);
            return read == 0 ? -Errno.EPIPE : read;
        }
        copy.filled(read);
        pipe.gave(read);
        long whole = writes[head];
        book(true, whole | PART, takenBytes);
        if (read == bytes) {
            payloads[head] = copy;
            writes[head] = whole - length(whole) + read + MOVED;
        } else {
            writes[head] = whole - takenBytes - read;
            pushFront(copy, whole - length(whole) + read + PART + MOVED);
        }
        takenBytes = 0;
        return -Errno.EINTR;
    }

    private void taken(Payload bytes, int sent, int left) {
        takenBytes += sent;
        long write = writes[head];
        if (sent == left) {
            pop();
            book(true, write, length(write));
        } else {
            full = true;
        }
        if (bytes instanceof Pipe pipe) {
            pipe.gave(sent);
            leftProxy(sent);
        } else if (sent == left) {
            give((Chunk) bytes, write);
        }
    }

    private void drop() {
        long write = writes[head];
        int taken = takenBytes;
        Payload bytes = pop();
        book(true, write | PART, taken);
        book(false, write, length(write) - taken);
        if (bytes instanceof Chunk chunk) {
            give(chunk, write);
        } else {
            // They stay in the pipe, which is closed with the connection.
            leftProxy(length(write) - taken);
        }
    }

    private void give(Chunk chunk, long write) {
        int weightBytes = (write & MOVED) != 0 ? length(write) : chunk.capacity();
        shard.chunks().give(chunk);
        if (write >>> CLASS_SHIFT != UNBOOKED >>> CLASS_SHIFT) {
            leftProxy(weightBytes);
        }
    }

    private void leftProxy(int bytes) {
        if (reader != null) {
            reader.leftProxy(bytes);
        }
    }

    private void book(boolean taken, long write, long bytes) {
        int trafficClass = (int) (write >>> CLASS_SHIFT);
        if (trafficClass == UNBOOKED >>> CLASS_SHIFT) {
            return;
        }
        int packets = (write & PART) != 0 ? 0 : 1;
        books.held(service, trafficClass, direction, -packets, -bytes);
        if (taken) {
            books.out(service, trafficClass, direction, packets, bytes);
        } else {
            books.dropped(service, trafficClass, direction, DropReason.RESET, packets, bytes);
        }
    }

    private void shutOutput() {
        if (shut || connection.isOver()) {
            return;
        }
        shut = true;
        if (receiver.shutdownOutput() < 0) {
            connection.broken(direction.opposite());
        }
        connection.closeDone();
    }

    private static int length(long write) {
        return (int) (write & LENGTH);
    }

    private Payload oldest() {
        Payload bytes = payloads[head];
        if (bytes == null) {
            throw new IllegalStateException("an empty slot");
        }
        return bytes;
    }

    private void push(Payload bytes, long write) {
        grow();
        int slot = head + count++ & writes.length - 1;
        payloads[slot] = bytes;
        writes[slot] = write;
    }

    private void pushFront(Payload bytes, long write) {
        grow();
        head = head - 1 & writes.length - 1;
        count++;
        payloads[head] = bytes;
        writes[head] = write;
    }

    private void grow() {
        int slots = writes.length;
        if (count == slots) {
            @Nullable Payload[] widerPayloads = Arrays.copyOf(payloads, 2 * slots);
            long[] wider = Arrays.copyOf(writes, 2 * slots);
            // What stood before the head in the ring comes behind what stood at its end.
            System.arraycopy(payloads, 0, widerPayloads, slots, head);
            System.arraycopy(writes, 0, wider, slots, head);
            payloads = widerPayloads;
            writes = wider;
        }
    }

    private Payload pop() {
        Payload bytes = oldest();
        payloads[head] = null;
        head = head + 1 & writes.length - 1;
        count--;
        takenBytes = 0;
        return bytes;
    }
}

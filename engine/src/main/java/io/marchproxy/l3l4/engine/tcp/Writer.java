package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.socket.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection behind the stages: hands bytes to its receiving socket, and keeps the books of what the
 * kernel has not yet taken. Nothing is allocated per write: one promise stands for them all, since they complete in order.
 *
 * <p>Event loop's thread.
 */
final class Writer implements BatchedEgress {
    private static final int FIRST_SLOTS = 4;
    private static final int CLASS_SHIFT = 60;
    private static final int UNBOOKED = 7;
    private static final int CAPACITY_SHIFT = 30;
    private static final long LOW_30 = (1L << CAPACITY_SHIFT) - 1;

    private final TcpConnection connection;
    private final Direction direction;
    private final SocketChannel receiver;
    private final TcpShard shard;
    private final TrafficBooks books;
    private final Sent sent;
    private final int service;

    private @Nullable Reader reader;

    /** Class, buffer capacity and length of each write under way, oldest at {@code head}; a ring of a power of two. */
    private long[] underWay = new long[FIRST_SLOTS];

    private int head;
    private int count;
    private int dscp = PacketDescriptor.DSCP_UNCHANGED;
    private boolean dirty;
    private boolean finWanted;
    private boolean shut;

    /**
     * Writes to one side.
     *
     * @param direction that the bytes written here go
     * @param service that they are counted for
     */
    Writer(TcpConnection connection, Direction direction, SocketChannel receiver, TcpShard shard, int service) {
        this.connection = connection;
        this.direction = direction;
        this.receiver = receiver;
        this.shard = shard;
        this.books = shard.completionBooks();
        this.service = service;
        this.sent = new Sent(receiver);
    }

    /** Tells the reader of the same direction, whose backpressure depends on what is written here. */
    void serves(Reader sender) {
        reader = sender;
    }

    /** Sends what goes before all bytes of the client, and is in no books. */
    void begin(Object header) {
        push((long) UNBOOKED << CLASS_SHIFT);
        receiver.writeAndFlush(header, sent);
    }

    /** Takes bytes that the egress's books hold already; they leave with the next {@link #flush()}. */
    void write(ByteBuf bytes, int trafficClass) {
        push((long) trafficClass << CLASS_SHIFT
                | (bytes.capacity() & LOW_30) << CAPACITY_SHIFT
                | (bytes.readableBytes() & LOW_30));
        receiver.write(bytes, sent);
        markDirty();
    }

    /** Leaves the socket with a code point from now on, 0 to 63 (RFC 2474); the ECN bits of TCP are the kernel's. */
    void mark(int codePoint) {
        if (codePoint != dscp && codePoint != PacketDescriptor.DSCP_UNCHANGED) {
            dscp = codePoint;
            try {
                receiver.config().setOption(ChannelOption.IP_TOS, codePoint << 2);
            } catch (ChannelException e) {
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
        receiver.flush();
    }

    SocketChannel receiver() {
        return receiver;
    }

    /** Whether the kernel has not taken everything. */
    boolean hasUnsent() {
        return count > 0;
    }

    /** Whether the receiver has been sent our FIN. */
    boolean isShut() {
        return shut;
    }

    private void markDirty() {
        if (!dirty) {
            dirty = true;
            shard.dirty(this);
        }
    }

    private void shutOutput() {
        if (shut || connection.isOver()) {
            return;
        }
        shut = true;
        receiver.shutdownOutput().addListener(done -> {
            if (!done.isSuccess()) {
                connection.broken(direction.opposite());
            }
        });
        connection.outputShut(direction);
    }

    private void completed(boolean taken) {
        long write = pop();
        int trafficClass = (int) (write >>> CLASS_SHIFT);
        long length = write & LOW_30;
        if (trafficClass != UNBOOKED) {
            book(taken, trafficClass, length);
        }
        if (!taken) {
            connection.broken(direction.opposite());
        }
        if (reader != null) {
            reader.leftProxy((int) (write >>> CAPACITY_SHIFT & LOW_30));
        }
        if (finWanted && count == 0) {
            shutOutput();
        }
    }

    private void book(boolean taken, int trafficClass, long length) {
        books.held(service, trafficClass, direction, -1, -length);
        if (taken) {
            books.out(service, trafficClass, direction, 1, length);
        } else {
            books.dropped(service, trafficClass, direction, DropReason.RESET, 1, length);
        }
    }

    private void push(long write) {
        if (count == underWay.length) {
            long[] wider = new long[count * 2];
            for (int i = 0; i < count; i++) {
                wider[i] = underWay[head + i & count - 1];
            }
            underWay = wider;
            head = 0;
        }
        underWay[head + count++ & underWay.length - 1] = write;
    }

    private long pop() {
        long write = underWay[head];
        head = head + 1 & underWay.length - 1;
        count--;
        return write;
    }

    /** Never done, so that every write can use it: what would complete it is passed on instead. */
    private final class Sent extends DefaultChannelPromise {
        Sent(SocketChannel channel) {
            super(channel, shard.loop());
        }

        @Override
        public boolean setUncancellable() {
            return true;
        }

        @Override
        public boolean trySuccess(Void result) {
            completed(true);
            return true;
        }

        @Override
        public boolean tryFailure(Throwable cause) {
            completed(false);
            return true;
        }

        @Override
        public ChannelPromise setSuccess(Void result) {
            completed(true);
            return this;
        }

        @Override
        public ChannelPromise setFailure(Throwable cause) {
            completed(false);
            return this;
        }
    }
}

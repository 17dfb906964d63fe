package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.transport.BufferRing;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives by io_uring into its own buffers, all sockets of a shard into one ring of them. Descriptors refer to the buffers,
 * which go back to the kernel when the last of their datagrams has left: merged ones (UDP_GRO) share a buffer, and each has
 * a descriptor, a verdict and a place in the books of its own.
 *
 * <p>When half of the buffers are out, because datagrams wait somewhere, what comes is moved into packet buffers at once
 * instead, so that what waits never starves the receiving.
 *
 * <pre>
 * buffer    0 io_uring_recvmsg_out: name length (4), control length (4), payload length (4), flags (4)
 *          16 name, 32 bytes        48 control messages, 160 bytes        208 payload
 * </pre>
 */
final class RingReceiver extends SocketReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(RingReceiver.class);
    private static final int OUT_CONTROL_LENGTH = 4;
    private static final int OUT_PAYLOAD_LENGTH = 8;
    static final int NAME = 16;
    static final int NAME_BYTES = 32;
    static final int CONTROL = NAME + NAME_BYTES;
    static final int CONTROL_BYTES = 160;
    static final int PAYLOAD = CONTROL + CONTROL_BYTES;

    /** Bytes of a buffer: the longest datagram, or as much as the kernel merges, with what stands before. */
    static final int BUFFER_BYTES = PAYLOAD + PacketBuffers.JUMBO_BYTES;

    /** Datagrams that wait for the stages at the most, before they run though the loop's batch goes on. */
    private static final int DATAGRAMS_AT_ONCE = 256;

    private static final long COLLECT_AFTER_MS = 1;

    private final ShardContext shard;
    private final ShardIngress ingress;
    private final UdpCounters.Part counters;
    private final BufferRing ring;
    private final AnonymousMemory header = new AnonymousMemory(SocketLayout.MMSGHDR_SIZE);
    private int gathered;
    private long payload;
    private int payloadBytes;
    private int segmentBytes;
    private boolean isLent;
    private boolean isCollecting;
    private boolean isRefusalTold;
    private @Nullable RingFallback fallback;

    RingReceiver(ShardContext shard, PacketBuffers buffers, BufferRing ring, UdpCounters counters, UdpOptions options) {
        super(shard, buffers, counters, options);
        this.shard = shard;
        this.ingress = shard.ingress();
        this.counters = counters.loop();
        this.ring = ring;
        Memory.putInt(header.address() + SocketLayout.MSG_NAME_LENGTH, NAME_BYTES);
        Memory.putLong(header.address() + SocketLayout.MSG_CONTROL_LENGTH, CONTROL_BYTES);
    }

    @Override
    SocketReading begin(NativeUdpSocket socket, DatagramHandler handler) throws IOException {
        return new RingReading(shard.loop(), this, socket.fd(), handler);
    }

    BufferRing ring() {
        return ring;
    }

    /** Address of the msghdr that all receives share: it says how much room name and control messages get. */
    long header() {
        return header.address();
    }

    /** Hands on what came in a buffer. */
    void received(int id, long buffer, DatagramHandler handler) {
        int count =
                open(buffer, Memory.getInt(buffer + OUT_PAYLOAD_LENGTH), Memory.getInt(buffer + OUT_CONTROL_LENGTH));
        if (!hasBuffersToLend()) {
            buffers().collect();
        }
        isLent = hasBuffersToLend();
        if (isLent) {
            ring.share(id, count);
        }
        deliver(count, handler);
        if (!isLent) {
            ring.release(buffer);
        }
        gather(count);
    }

    /** Hands on what came in memory of another, which is laid out as a buffer and is not lent. */
    void receivedElsewhere(long buffer, int bytes, int controlBytes, DatagramHandler handler) {
        int count = open(buffer, bytes, controlBytes);
        isLent = false;
        deliver(count, handler);
        gather(count);
    }

    /** Reads what stands before the payload; answers how many datagrams that is. */
    private int open(long buffer, int bytes, int controlBytes) {
        payload = buffer + PAYLOAD;
        payloadBytes = bytes;
        HeaderReader.name(buffer + NAME, datagram);
        HeaderReader.control(buffer + CONTROL, controlBytes, datagram);
        segmentBytes = datagram.segmentBytes;
        if (segmentBytes > 0 && segmentBytes < payloadBytes) {
            counters.increment(UdpCounter.MERGED);
            return (payloadBytes + segmentBytes - 1) / segmentBytes;
        }
        segmentBytes = payloadBytes;
        return 1;
    }

    private void gather(int count) {
        gathered += count;
        if (gathered >= DATAGRAMS_AT_ONCE) {
            gathered = 0;
            ingress.relieve();
        }
    }

    /** Reads a socket that io_uring goes on refusing to receive from by recvmmsg. */
    SocketReading fallBack(int fd, DatagramHandler handler) throws IOException {
        RingFallback instead = fallback;
        if (instead == null) {
            instead = new RingFallback(this);
            fallback = instead;
        }
        return new PolledReading(shard, this, instead, fd, handler);
    }

    private boolean hasBuffersToLend() {
        return ring.inPlace() > ring.size() / 2;
    }

    @Override
    boolean load(int index) {
        int offset = index * segmentBytes;
        int length = Math.min(segmentBytes, payloadBytes - offset);
        long from = payload + offset;
        datagram.lengthBytes = length;
        boolean isLong = length > PacketBuffers.SLOT_BYTES;
        if (isLent) {
            if (isLong) {
                counters.increment(UdpCounter.JUMBO);
            }
            datagram.payload = from;
            return true;
        }
        long moved = isLong ? takeJumbo() : buffers().takeSlot();
        if (moved == PacketBuffers.NONE) {
            return false;
        }
        counters.increment(UdpCounter.MOVED);
        Memory.copy(from, moved, length);
        datagram.payload = moved;
        return true;
    }

    /** Counts that no buffer was left. In pipelined placement they come back only when they are asked for. */
    void starved() {
        counters.increment(UdpCounter.STARVED);
        if (!isCollecting) {
            isCollecting = true;
            collectLater();
        }
    }

    /** Counts that a socket was not read, and tells of it once. */
    void refused(int errno) {
        counters.increment(UdpCounter.RECEIVING_REFUSED);
        if (!isRefusalTold) {
            isRefusalTold = true;
            LOG.warn(
                    "shard {}: io_uring does not receive from a UDP socket ({}); if it goes on so, recvmmsg reads it",
                    shard.id(),
                    Errno.describe(errno));
        }
    }

    private void collectLater() {
        shard.loop().schedule(this::collect, COLLECT_AFTER_MS, TimeUnit.MILLISECONDS);
    }

    private void collect() {
        buffers().collect();
        isCollecting = ring.isAwaited();
        if (isCollecting) {
            collectLater();
        }
    }

    @Override
    void close() {
        ring.close();
        header.close();
        if (fallback != null) {
            fallback.close();
        }
        super.close();
    }
}

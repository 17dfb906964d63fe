package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;

/**
 * Receives by recvmmsg into buffers that are already in place: each position of a batch has a packet buffer, and behind it
 * a spill for the rest of a longer datagram, which is then copied into a long buffer. One receiver serves all sockets of a
 * shard in turn.
 *
 * <pre>
 * headers   {@link #BATCH} × mmsghdr            prepared once; only the two lengths that the kernel overwrites are reset
 * iovecs    {@link #BATCH} × (slot, spill)
 * names     {@link #BATCH} × 32 bytes           the sender's address
 * controls  {@link #BATCH} × 128 bytes          destination address, code point
 * spills    {@link #BATCH} × 62 KiB             untouched as long as datagrams are short
 * </pre>
 */
final class NativeReceiver extends SocketReceiver implements BatchSource {
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES = 128;
    private static final int SPILL_BYTES = PacketBuffers.JUMBO_BYTES - PacketBuffers.SLOT_BYTES;
    private static final int IOVECS = 2;

    private final SocketCalls calls = new SocketCalls();
    private final AnonymousMemory memory;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;
    private final long spills;

    private final ShardContext shard;

    NativeReceiver(ShardContext shard, PacketBuffers buffers, UdpCounters counters, UdpOptions options) {
        super(shard, buffers, counters, options);
        this.shard = shard;
        int perPosition =
                SocketLayout.MMSGHDR_SIZE + IOVECS * SocketLayout.IOVEC_SIZE + NAME_BYTES + CONTROL_BYTES + SPILL_BYTES;
        memory = new AnonymousMemory((long) BATCH * perPosition);
        headers = memory.address();
        iovecs = headers + (long) BATCH * SocketLayout.MMSGHDR_SIZE;
        names = iovecs + (long) BATCH * IOVECS * SocketLayout.IOVEC_SIZE;
        controls = names + (long) BATCH * NAME_BYTES;
        spills = controls + (long) BATCH * CONTROL_BYTES;
        for (int i = 0; i < BATCH; i++) {
            prepare(i);
        }
    }

    private void prepare(int i) {
        long iov = iovec(i);
        Memory.putLong(iov + SocketLayout.IOV_BASE, buffers().takeSlot());
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, PacketBuffers.SLOT_BYTES);
        long second = iov + SocketLayout.IOVEC_SIZE;
        Memory.putLong(second + SocketLayout.IOV_BASE, spill(i));
        Memory.putLong(second + SocketLayout.IOV_LENGTH, SPILL_BYTES);
        long header = header(i);
        Memory.putLong(header + SocketLayout.MSG_NAME, name(i));
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, NAME_BYTES);
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, IOVECS);
        Memory.putLong(header + SocketLayout.MSG_CONTROL, control(i));
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, CONTROL_BYTES);
    }

    @Override
    SocketReading begin(NativeUdpSocket socket, DatagramHandler handler) throws IOException {
        return new PolledReading(shard, this, this, socket.fd(), handler);
    }

    @Override
    public int receive(int fd) {
        return calls.receiveMany(fd, headers, BATCH, SocketLayout.MSG_DONTWAIT);
    }

    @Override
    boolean load(int i) {
        long header = header(i);
        int length = Memory.getInt(header + SocketLayout.MMSG_BYTES);
        datagram.lengthBytes = length;
        HeaderReader.name(name(i), datagram);
        HeaderReader.control(control(i), Memory.getLong(header + SocketLayout.MSG_CONTROL_LENGTH), datagram);
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, NAME_BYTES);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, CONTROL_BYTES);
        return length <= PacketBuffers.SLOT_BYTES ? takeSlot(i) : takeJumbo(i, length);
    }

    private boolean takeSlot(int i) {
        long fresh = buffers().takeSlot();
        if (fresh == PacketBuffers.NONE) {
            return false;
        }
        long base = iovec(i) + SocketLayout.IOV_BASE;
        datagram.payload = Memory.getLong(base);
        Memory.putLong(base, fresh);
        return true;
    }

    private boolean takeJumbo(int i, int length) {
        long jumbo = takeJumbo();
        if (jumbo == PacketBuffers.NONE) {
            return false;
        }
        Memory.copy(Memory.getLong(iovec(i) + SocketLayout.IOV_BASE), jumbo, PacketBuffers.SLOT_BYTES);
        Memory.copy(spill(i), jumbo + PacketBuffers.SLOT_BYTES, length - PacketBuffers.SLOT_BYTES);
        datagram.payload = jumbo;
        return true;
    }

    @Override
    void close() {
        memory.close();
        super.close();
    }

    private long header(int i) {
        return headers + (long) i * SocketLayout.MMSGHDR_SIZE;
    }

    private long iovec(int i) {
        return iovecs + (long) i * IOVECS * SocketLayout.IOVEC_SIZE;
    }

    private long name(int i) {
        return names + (long) i * NAME_BYTES;
    }

    private long control(int i) {
        return controls + (long) i * CONTROL_BYTES;
    }

    private long spill(int i) {
        return spills + (long) i * SPILL_BYTES;
    }
}

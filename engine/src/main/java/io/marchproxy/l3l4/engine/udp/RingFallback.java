package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;

/**
 * Reads by recvmmsg what io_uring does not receive, into memory that is laid out as a {@link RingReceiver}'s buffers, so that
 * merged datagrams are taken apart here as well. What came is moved into packet buffers. One serves all such sockets of a shard.
 *
 * <pre>
 * headers   {@link DatagramReceiver#BATCH} × mmsghdr
 * iovecs    {@link DatagramReceiver#BATCH} × iovec
 * buffers   {@link DatagramReceiver#BATCH} × {@link RingReceiver#BUFFER_BYTES}, used as far as they were ever filled
 * </pre>
 */
final class RingFallback implements BatchSource {
    private static final int BATCH = DatagramReceiver.BATCH;

    private final RingReceiver receiver;
    private final SocketCalls calls = new SocketCalls();
    private final AnonymousMemory memory = new AnonymousMemory(
            (long) BATCH * (SocketLayout.MMSGHDR_SIZE + SocketLayout.IOVEC_SIZE + RingReceiver.BUFFER_BYTES));
    private final long headers = memory.address();
    private final long iovecs = headers + (long) BATCH * SocketLayout.MMSGHDR_SIZE;
    private final long buffers = iovecs + (long) BATCH * SocketLayout.IOVEC_SIZE;

    RingFallback(RingReceiver receiver) {
        this.receiver = receiver;
        for (int i = 0; i < BATCH; i++) {
            long iovec = iovecs + (long) i * SocketLayout.IOVEC_SIZE;
            Memory.putLong(iovec + SocketLayout.IOV_BASE, buffer(i) + RingReceiver.PAYLOAD);
            Memory.putLong(iovec + SocketLayout.IOV_LENGTH, PacketBuffers.JUMBO_BYTES);
            long header = header(i);
            Memory.putLong(header + SocketLayout.MSG_NAME, buffer(i) + RingReceiver.NAME);
            Memory.putLong(header + SocketLayout.MSG_IOV, iovec);
            Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
            Memory.putLong(header + SocketLayout.MSG_CONTROL, buffer(i) + RingReceiver.CONTROL);
            giveRoom(header);
        }
    }

    @Override
    public int receive(int fd) {
        return calls.receiveMany(fd, headers, BATCH, SocketLayout.MSG_DONTWAIT);
    }

    @Override
    public void deliver(int received, DatagramHandler handler) {
        for (int i = 0; i < received; i++) {
            long header = header(i);
            int controlBytes = (int) Memory.getLong(header + SocketLayout.MSG_CONTROL_LENGTH);
            receiver.receivedElsewhere(
                    buffer(i), Memory.getInt(header + SocketLayout.MMSG_BYTES), controlBytes, handler);
            giveRoom(header);
        }
    }

    /** What the kernel overwrites with what it used. */
    private static void giveRoom(long header) {
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, RingReceiver.NAME_BYTES);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, RingReceiver.CONTROL_BYTES);
    }

    void close() {
        memory.close();
    }

    private long header(int i) {
        return headers + (long) i * SocketLayout.MMSGHDR_SIZE;
    }

    private long buffer(int i) {
        return buffers + (long) i * RingReceiver.BUFFER_BYTES;
    }
}

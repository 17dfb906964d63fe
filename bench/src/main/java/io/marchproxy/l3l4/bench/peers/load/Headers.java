package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;

/** Prepared message headers for sendmmsg and recvmmsg, each with one piece of memory and no address. */
final class Headers {
    private final long address;
    private final long payload;
    private final int count;
    private final int payloadBytes;

    /**
     * Prepares headers.
     *
     * @param shared whether all messages have the same memory, as a generator's may that does not care what it sends
     */
    Headers(Arena arena, int count, int payloadBytes, boolean shared) {
        this.count = count;
        this.payloadBytes = payloadBytes;
        address = arena.allocate((long) count * SocketLayout.MMSGHDR_SIZE, 64).address();
        payload = arena.allocate((long) (shared ? 1 : count) * payloadBytes, 64).address();
        long iovecs = arena.allocate((long) count * SocketLayout.IOVEC_SIZE, 64).address();
        for (int i = 0; i < count; i++) {
            long iovec = iovecs + (long) i * SocketLayout.IOVEC_SIZE;
            Memory.putLong(iovec + SocketLayout.IOV_BASE, shared ? payload : payloadAt(i));
            Memory.putLong(iovec + SocketLayout.IOV_LENGTH, payloadBytes);
            long header = address + (long) i * SocketLayout.MMSGHDR_SIZE;
            Memory.putLong(header + SocketLayout.MSG_IOV, iovec);
            Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
        }
    }

    long address() {
        return address;
    }

    int count() {
        return count;
    }

    /** Where a message's own memory begins. */
    long payloadAt(int index) {
        return payload + (long) index * payloadBytes;
    }

    /** Bytes that a message brought. */
    int receivedBytes(int index) {
        return Memory.getInt(address + (long) index * SocketLayout.MMSGHDR_SIZE + SocketLayout.MMSG_BYTES);
    }
}

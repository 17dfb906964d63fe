package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;

/** Reads the error queues of sockets: ICMP messages about what was sent (ip(7), IP_RECVERR). Loop's thread. */
final class ErrorQueue implements AutoCloseable {
    private static final int CONTROL_BYTES = 128;
    private static final int ERRORS_AT_ONCE = 64;

    private final SocketCalls calls = new SocketCalls();
    private final AnonymousMemory memory = new AnonymousMemory(SocketLayout.MMSGHDR_SIZE + CONTROL_BYTES);
    private final long header = memory.address();
    private final long control = header + SocketLayout.MMSGHDR_SIZE;

    /**
     * Empties a socket's queue, up to a bound.
     *
     * @return false when more may be there
     */
    boolean drain(int fd, DatagramHandler handler) {
        for (int i = 0; i < ERRORS_AT_ONCE; i++) {
            Memory.zero(header, SocketLayout.MMSGHDR_SIZE);
            Memory.putLong(header + SocketLayout.MSG_CONTROL, control);
            Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, CONTROL_BYTES);
            int result = calls.receive(fd, header, SocketLayout.MSG_ERRQUEUE | SocketLayout.MSG_DONTWAIT);
            if (result < 0) {
                return result != -Errno.EINTR;
            }
            read(Memory.getLong(header + SocketLayout.MSG_CONTROL_LENGTH), handler);
        }
        return false;
    }

    private void read(long length, DatagramHandler handler) {
        long end = control + length;
        long at = control;
        while (at + SocketLayout.CMSG_DATA < end) {
            int level = Memory.getInt(at + SocketLayout.CMSG_LEVEL);
            int type = Memory.getInt(at + SocketLayout.CMSG_TYPE);
            boolean is4 = level == SocketLayout.SOL_IP && type == SocketLayout.IP_RECVERR;
            boolean is6 = level == SocketLayout.SOL_IPV6 && type == SocketLayout.IPV6_RECVERR;
            long data = at + SocketLayout.CMSG_DATA;
            int origin = is4 || is6 ? Memory.getByte(data + SocketLayout.EXTENDED_ERR_ORIGIN) : 0;
            if (origin == SocketLayout.ORIGIN_ICMP || origin == SocketLayout.ORIGIN_ICMP6) {
                handler.failed(Memory.getInt(data + SocketLayout.EXTENDED_ERR_ERRNO));
            }
            at += Memory.getLong(at + SocketLayout.CMSG_LENGTH) + 7 & ~7L;
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}

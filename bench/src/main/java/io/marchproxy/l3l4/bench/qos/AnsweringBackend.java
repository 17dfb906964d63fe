package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A backend that answers each stamped datagram with its number and the ECN field that it came with, as QUIC's acknowledgements do
 * (RFC 9000, 13.4). The kernel tells the field by a control message, of which the JDK knows nothing.
 *
 * <pre>
 * answer     0 number (4)   4 ECN field (4)
 * memory     0 mmsghdr (64)   64 iovec (16)   128 address (128)   256 control (256)   512 payload (2,048)
 * </pre>
 */
final class AnsweringBackend {
    static final int ECN_AT = 4;
    static final int ANSWER_BYTES = 8;

    private static final int NAME_AT = 128;
    private static final int CONTROL_AT = 256;
    private static final int PAYLOAD_AT = 512;
    private static final int PAYLOAD_BYTES = 2_048;
    private static final int ECN_BITS = 3;

    /** More than may be under way. */
    private static final int RECEIVE_BYTES = 1 << 20;

    private final SocketCalls calls = new SocketCalls();
    private final ByteBuffer payload;
    private final long header;
    private final int fd;

    private AnsweringBackend(int port) throws SystemCallException {
        var memory = Arena.global().allocate(PAYLOAD_AT + PAYLOAD_BYTES, Long.BYTES);
        header = memory.address();
        payload = memory.asSlice(PAYLOAD_AT).asByteBuffer().order(ByteOrder.BIG_ENDIAN);
        fd = check(calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_CLOEXEC, 0));
        check(calls.setOption(fd, SocketLayout.SOL_IP, SocketLayout.IP_RECVTOS, 1));
        check(calls.setOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_RCVBUF, RECEIVE_BYTES));
        check(calls.bind(fd, header + NAME_AT, SocketAddresses.write4(header + NAME_AT, 0, port)));
    }

    /** Listens at all addresses, from now on. */
    static void open(int port) throws SystemCallException {
        AnsweringBackend backend = new AnsweringBackend(port);
        Thread.ofPlatform().daemon().start(backend::run);
    }

    private void run() {
        try {
            while (true) {
                prepare(PAYLOAD_BYTES, CONTROL_AT);
                check(calls.receive(fd, header, 0));
                int number = payload.getInt(Stamped.NUMBER_AT);
                payload.putInt(0, number).putInt(ECN_AT, ecn());
                prepare(ANSWER_BYTES, 0);
                check(calls.sendMany(fd, header, 1, 0));
            }
        } catch (SystemCallException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The socket asks for no other message. */
    private int ecn() {
        return Memory.getByte(header + CONTROL_AT + SocketLayout.CMSG_DATA) & ECN_BITS;
    }

    private void prepare(int payloadBytes, int controlBytes) {
        long iov = header + SocketLayout.MMSGHDR_SIZE;
        Memory.putLong(iov + SocketLayout.IOV_BASE, header + PAYLOAD_AT);
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, payloadBytes);
        Memory.putLong(header + SocketLayout.MSG_NAME, header + NAME_AT);
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, SocketLayout.SOCKADDR_IN_SIZE);
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
        Memory.putLong(header + SocketLayout.MSG_CONTROL, header + CONTROL_AT);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, controlBytes);
    }

    private static int check(int result) throws SystemCallException {
        return SystemCallException.check("a socket call of the backend that answers", result);
    }
}

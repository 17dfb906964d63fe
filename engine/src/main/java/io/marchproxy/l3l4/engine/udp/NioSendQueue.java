package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.sys.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Sends by java.nio, a datagram at a time. The kernel chooses the source address on a wildcard listener. An empty datagram
 * can't be sent towards a backend, since java.nio does nothing on a connected channel then; it is dropped and counted.
 */
final class NioSendQueue extends SendQueue {
    private static final int SENT = 0;

    NioSendQueue(ShardEgress egress, PacketBuffers buffers, UdpCounters counters) {
        super(egress, buffers, counters);
    }

    @Override
    void transmit(UdpSocket socket, int first, int pending) {
        NioUdpSocket through = (NioUdpSocket) socket;
        int entry = first;
        for (int i = 0; i < pending; i++) {
            int errno = send(through, entry);
            if (isPerhapsEarlier(errno) && errno != SENT) {
                countRetry();
                errno = send(through, entry);
            }
            if (errno == SENT) {
                taken(entry, 1, length(entry));
            } else {
                dropped(entry, errno);
            }
            entry = next(entry);
        }
    }

    private int send(NioUdpSocket through, int entry) {
        ByteBuffer payload = view(payload(entry), length(entry));
        UdpSession client = client(entry);
        try {
            if (client == null) {
                if (!payload.hasRemaining()) {
                    return Errno.EINVAL;
                }
                through.mark(tos(entry));
                return wasTaken(through.channel().write(payload), payload);
            }
            return wasTaken(through.channel().send(payload, addressOf(client)), payload);
        } catch (PortUnreachableException e) {
            through.refused();
            return Errno.ECONNREFUSED;
        } catch (IOException e) {
            return errno(e);
        }
    }

    /** An empty datagram is sent as 0 bytes and so looks like a full buffer; it is taken for sent. */
    private static int wasTaken(int sent, ByteBuffer payload) {
        return sent > 0 || payload.limit() == 0 ? SENT : Errno.EAGAIN;
    }

    private static InetSocketAddress addressOf(UdpSession client) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(client.ipVersion() == 4 ? Integer.BYTES : 2 * Long.BYTES);
        if (client.ipVersion() == 4) {
            bytes.putInt((int) client.clientLow());
        } else {
            bytes.putLong(client.clientHigh()).putLong(client.clientLow());
        }
        return new InetSocketAddress(InetAddress.getByAddress(bytes.array()), client.clientPort());
    }

    /** java.nio tells errors by the C library's words. */
    private static int errno(IOException e) {
        String words = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (words.contains("message too long")) {
            return Errno.EMSGSIZE;
        }
        if (words.contains("network is unreachable")) {
            return Errno.ENETUNREACH;
        }
        if (words.contains("no route to host") || words.contains("host is unreachable")) {
            return Errno.EHOSTUNREACH;
        }
        return words.contains("not permitted") ? Errno.EPERM : Errno.EIO;
    }

    /** A buffer's bytes for java.nio. */
    @SuppressWarnings("restricted") // the buffers' lifetime is the transport's
    static ByteBuffer view(long address, int length) {
        return MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
    }

    @Override
    void close() {}
}

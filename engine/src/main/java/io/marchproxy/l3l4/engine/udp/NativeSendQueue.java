package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;

/**
 * Sends by sendmmsg. Each position of the call has a header, one iovec, room for the client's address and for two control
 * messages: the source address (only on a wildcard listener) and the code point (only when it is not 0).
 */
final class NativeSendQueue extends SendQueue {
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES =
            SocketLayout.cmsgSpace(SocketLayout.IN6_PKTINFO_SIZE) + SocketLayout.cmsgSpace(Integer.BYTES);
    private static final int DSCP_SHIFT = 2;
    private static final int MULTICAST_6 = 0xff;

    private final SocketCalls calls = new SocketCalls();
    private final AnonymousMemory memory;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;
    private final int[] entries = new int[CAPACITY];

    NativeSendQueue(ShardEgress egress, PacketBuffers buffers, UdpCounters counters) {
        super(egress, buffers, counters);
        int perPosition = SocketLayout.MMSGHDR_SIZE + SocketLayout.IOVEC_SIZE + NAME_BYTES + CONTROL_BYTES;
        memory = new AnonymousMemory((long) CAPACITY * perPosition);
        headers = memory.address();
        iovecs = headers + (long) CAPACITY * SocketLayout.MMSGHDR_SIZE;
        names = iovecs + (long) CAPACITY * SocketLayout.IOVEC_SIZE;
        controls = names + (long) CAPACITY * NAME_BYTES;
    }

    @Override
    void transmit(UdpSocket socket, int first, int pending) {
        NativeUdpSocket through = (NativeUdpSocket) socket;
        int entry = first;
        for (int i = 0; i < pending; i++) {
            entries[i] = entry;
            build(i, entry, through);
            entry = next(entry);
        }
        push(through.fd(), pending);
    }

    private void push(int fd, int pending) {
        boolean isRetry = false;
        int done = 0;
        while (done < pending) {
            int result = calls.sendMany(fd, header(done), pending - done, SocketLayout.MSG_DONTWAIT);
            if (result > 0) {
                for (int end = done + result; done < end; done++) {
                    sent(entries[done]);
                }
                isRetry = false;
            } else if (!isRetry && isPerhapsEarlier(-result)) {
                isRetry = true;
                countRetry();
            } else if (isFull(-result)) {
                for (; done < pending; done++) {
                    failed(entries[done], -result);
                }
            } else if (result != -Errno.EINTR) {
                failed(entries[done++], -result);
                isRetry = false;
            }
        }
    }

    private void build(int i, int entry, NativeUdpSocket through) {
        long iov = iovecs + (long) i * SocketLayout.IOVEC_SIZE;
        Memory.putLong(iov + SocketLayout.IOV_BASE, payload(entry));
        Memory.putLong(iov + SocketLayout.IOV_LENGTH, length(entry));
        long header = header(i);
        Memory.putLong(header + SocketLayout.MSG_IOV, iov);
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, 1);
        long control = controls + (long) i * CONTROL_BYTES;
        long end = control;
        UdpSession client = client(entry);
        boolean isFour = !through.isSix();
        if (client == null) {
            Memory.putLong(header + SocketLayout.MSG_NAME, 0);
            Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, 0);
        } else {
            writeName(header, names + (long) i * NAME_BYTES, client, through.isSix());
            if (through.isWildcard()) {
                end = writeSource(control, client, through.isSix());
            }
            isFour = client.ipVersion() == 4;
        }
        int dscp = dscp(entry);
        if (dscp != 0) {
            end = writeDscp(end, dscp, isFour);
        }
        Memory.putLong(header + SocketLayout.MSG_CONTROL, end == control ? 0 : control);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, end - control);
    }

    private static void writeName(long header, long name, UdpSession client, boolean isSix) {
        long low = client.clientLow();
        int length;
        if (!isSix) {
            length = SocketAddresses.write4(name, low, client.clientPort());
        } else if (client.ipVersion() == 4) {
            length = SocketAddresses.write6(name, 0, SocketAddresses.mapped(low), client.clientPort(), 0);
        } else {
            length = SocketAddresses.write6(name, client.clientHigh(), low, client.clientPort(), client.clientScope());
        }
        Memory.putLong(header + SocketLayout.MSG_NAME, name);
        Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, length);
    }

    /** Has the datagram leave from the address that the client wrote to, unless that is no address to send from. */
    private static long writeSource(long at, UdpSession client, boolean isSix) {
        long high = client.localHigh();
        long low = client.localLow();
        if ((high == 0 && low == 0) || high >>> 56 == MULTICAST_6) {
            return at;
        }
        long data = at + SocketLayout.CMSG_DATA;
        if (!isSix) {
            writeHead(at, SocketLayout.IN_PKTINFO_SIZE, SocketLayout.SOL_IP, SocketLayout.IP_PKTINFO);
            Memory.putInt(data, 0);
            Memory.putIntBe(data + SocketLayout.IN_PKTINFO_LOCAL, (int) low);
            Memory.putInt(data + SocketLayout.IN_PKTINFO_LOCAL + Integer.BYTES, 0);
            return at + SocketLayout.cmsgSpace(SocketLayout.IN_PKTINFO_SIZE);
        }
        boolean isMapped = client.ipVersion() == 4;
        writeHead(at, SocketLayout.IN6_PKTINFO_SIZE, SocketLayout.SOL_IPV6, SocketLayout.IPV6_PKTINFO);
        Memory.putLongBe(data, high);
        Memory.putLongBe(data + Long.BYTES, isMapped ? SocketAddresses.mapped(low) : low);
        Memory.putInt(data + 2 * Long.BYTES, isMapped ? 0 : client.clientScope());
        return at + SocketLayout.cmsgSpace(SocketLayout.IN6_PKTINFO_SIZE);
    }

    /** The two bits of ECN (RFC 3168) stay 0: a relay that ends the client's datagram does not vouch for the rest of the path. */
    private static long writeDscp(long at, int dscp, boolean isFour) {
        if (isFour) {
            writeHead(at, Integer.BYTES, SocketLayout.SOL_IP, SocketLayout.IP_TOS);
        } else {
            writeHead(at, Integer.BYTES, SocketLayout.SOL_IPV6, SocketLayout.IPV6_TCLASS);
        }
        Memory.putInt(at + SocketLayout.CMSG_DATA, dscp << DSCP_SHIFT);
        return at + SocketLayout.cmsgSpace(Integer.BYTES);
    }

    private static void writeHead(long at, int dataBytes, int level, int type) {
        Memory.putLong(at + SocketLayout.CMSG_LENGTH, SocketLayout.cmsgLength(dataBytes));
        Memory.putInt(at + SocketLayout.CMSG_LEVEL, level);
        Memory.putInt(at + SocketLayout.CMSG_TYPE, type);
    }

    @Override
    void close() {
        memory.close();
    }

    private long header(int i) {
        return headers + (long) i * SocketLayout.MMSGHDR_SIZE;
    }
}

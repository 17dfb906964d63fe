package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;

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
final class NativeReceiver extends DatagramReceiver {
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES = 128;
    private static final int SPILL_BYTES = PacketBuffers.JUMBO_BYTES - PacketBuffers.SLOT_BYTES;
    private static final int IOVECS = 2;
    private static final int DSCP_SHIFT = 2;
    private static final int ERRORS_AT_ONCE = 64;

    private final SocketCalls calls = new SocketCalls();
    private final AnonymousMemory memory;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;
    private final long spills;
    private final long errorHeader;

    NativeReceiver(ShardContext shard, PacketBuffers buffers, UdpCounters counters, UdpOptions options) {
        super(shard, buffers, counters, options);
        int perPosition =
                SocketLayout.MMSGHDR_SIZE + IOVECS * SocketLayout.IOVEC_SIZE + NAME_BYTES + CONTROL_BYTES + SPILL_BYTES;
        memory = new AnonymousMemory((long) BATCH * perPosition + SocketLayout.MMSGHDR_SIZE);
        headers = memory.address();
        iovecs = headers + (long) BATCH * SocketLayout.MMSGHDR_SIZE;
        names = iovecs + (long) BATCH * IOVECS * SocketLayout.IOVEC_SIZE;
        controls = names + (long) BATCH * NAME_BYTES;
        spills = controls + (long) BATCH * CONTROL_BYTES;
        errorHeader = spills + (long) BATCH * SPILL_BYTES;
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

    /** Receives up to {@link #BATCH} datagrams. Answers how many, or the negative errno. */
    int receive(int fd) {
        return calls.receiveMany(fd, headers, BATCH, SocketLayout.MSG_DONTWAIT);
    }

    @Override
    boolean load(int i) {
        long header = header(i);
        int length = Memory.getInt(header + SocketLayout.MMSG_BYTES);
        datagram.lengthBytes = length;
        readName(name(i));
        readControl(control(i), Memory.getLong(header + SocketLayout.MSG_CONTROL_LENGTH));
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

    private void readName(long name) {
        datagram.sourcePort = Short.toUnsignedInt(Memory.getShortBe(name + SocketLayout.SOCKADDR_PORT));
        if (Memory.getShort(name + SocketLayout.SOCKADDR_FAMILY) == SocketLayout.AF_INET) {
            fromSource4(Memory.getIntBe(name + SocketLayout.SOCKADDR_IN_ADDRESS));
            return;
        }
        long high = Memory.getLongBe(name + SocketLayout.SOCKADDR_IN6_ADDRESS);
        long low = Memory.getLongBe(name + SocketLayout.SOCKADDR_IN6_ADDRESS + Long.BYTES);
        if (SocketAddresses.isMapped(high, low)) {
            fromSource4((int) low);
        } else {
            datagram.ipVersion = 6;
            datagram.sourceHigh = high;
            datagram.sourceLow = low;
            datagram.sourceScope = Memory.getInt(name + SocketLayout.SOCKADDR_IN6_SCOPE);
        }
    }

    private void fromSource4(int address) {
        datagram.ipVersion = 4;
        datagram.sourceHigh = 0;
        datagram.sourceLow = Integer.toUnsignedLong(address);
        datagram.sourceScope = 0;
    }

    private void readControl(long control, long length) {
        datagram.dscp = 0;
        datagram.destinationHigh = 0;
        datagram.destinationLow = 0;
        long end = control + length;
        long at = control;
        while (at + SocketLayout.CMSG_DATA < end) {
            int level = Memory.getInt(at + SocketLayout.CMSG_LEVEL);
            int type = Memory.getInt(at + SocketLayout.CMSG_TYPE);
            readMessage(level, type, at + SocketLayout.CMSG_DATA);
            at += Memory.getLong(at + SocketLayout.CMSG_LENGTH) + 7 & ~7L;
        }
    }

    private void readMessage(int level, int type, long data) {
        if (level == SocketLayout.SOL_IP) {
            if (type == SocketLayout.IP_PKTINFO) {
                datagram.destinationLow = Integer.toUnsignedLong(Memory.getIntBe(data + SocketLayout.IN_PKTINFO_LOCAL));
            } else if (type == SocketLayout.IP_TOS) {
                datagram.dscp = Byte.toUnsignedInt(Memory.getByte(data)) >>> DSCP_SHIFT;
            }
        } else if (level == SocketLayout.SOL_IPV6) {
            if (type == SocketLayout.IPV6_PKTINFO) {
                long high = Memory.getLongBe(data);
                long low = Memory.getLongBe(data + Long.BYTES);
                boolean isMapped = SocketAddresses.isMapped(high, low);
                datagram.destinationHigh = high;
                datagram.destinationLow = isMapped ? (int) low & 0xffff_ffffL : low;
            } else if (type == SocketLayout.IPV6_TCLASS) {
                datagram.dscp = (Memory.getInt(data) & 0xff) >>> DSCP_SHIFT;
            }
        }
    }

    /**
     * Empties a socket's error queue, up to a bound.
     *
     * @return false when more may be there
     */
    boolean drainErrors(int fd, DatagramHandler handler) {
        for (int i = 0; i < ERRORS_AT_ONCE; i++) {
            Memory.zero(errorHeader, SocketLayout.MMSGHDR_SIZE);
            Memory.putLong(errorHeader + SocketLayout.MSG_CONTROL, controls);
            Memory.putLong(errorHeader + SocketLayout.MSG_CONTROL_LENGTH, CONTROL_BYTES);
            int result = calls.receive(fd, errorHeader, SocketLayout.MSG_ERRQUEUE | SocketLayout.MSG_DONTWAIT);
            if (result < 0) {
                return result != -Errno.EINTR;
            }
            readError(Memory.getLong(errorHeader + SocketLayout.MSG_CONTROL_LENGTH), handler);
        }
        return false;
    }

    private void readError(long length, DatagramHandler handler) {
        long end = controls + length;
        long at = controls;
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
    void close() {
        memory.close();
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

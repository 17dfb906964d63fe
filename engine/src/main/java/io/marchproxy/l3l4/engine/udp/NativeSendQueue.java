package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends by sendmmsg. Datagrams of one session, code point, ECN field and length go as one message that the kernel takes apart
 * (UDP_SEGMENT). Each message has a header, iovecs, room for the client's address and for three control messages: the source
 * address (only on a wildcard listener), code point and ECN field (only when they are not 0) and the length of a run's datagrams.
 *
 * <p>A datagram leaves with the ECN field that it came with, or with CE. Its payload is the sender's, unchanged and in a datagram of
 * its own as before, so what the sender's ECT says holds for the rest of the path: the ends use ECN, and they are who they were. And
 * a CE that was set on the way to here reaches the receiver, who alone can answer it (the principle of RFC 6040 and RFC 9599).
 */
final class NativeSendQueue extends SendQueue {
    private static final Logger LOG = LoggerFactory.getLogger(NativeSendQueue.class);
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES =
            SocketLayout.cmsgSpace(SocketLayout.IN6_PKTINFO_SIZE) + 2 * SocketLayout.cmsgSpace(Integer.BYTES);

    /** Datagrams that the kernel takes as one: UDP_MAX_SEGMENTS before Linux 6.10, which allows 128. */
    private static final int LONGEST_RUN = 64;

    /** Payload that the kernel takes as one: what IPv4's length field allows for. */
    static final int LONGEST_RUN_BYTES = 65_507;

    private static final int MULTICAST_6 = 0xff;

    private final Sender sender;
    private final AnonymousMemory memory;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;

    /** Runs of the present send: first and last entry, how many, and their bytes. */
    private final int[] firsts = new int[CAPACITY];

    private final int[] lasts = new int[CAPACITY];
    private final int[] counts = new int[CAPACITY];
    private final int[] runBytes = new int[CAPACITY];
    private int runs;
    private long sends;
    private boolean isRefusalTold;

    /** sendmmsg(2), or a kernel that refuses what this machine's takes. */
    @FunctionalInterface
    interface Sender {
        /** Sends messages from the first on; answers how many, or the negative errno of the first. */
        int sendMany(int fd, long headers, int count, int flags);
    }

    NativeSendQueue(ShardEgress egress, PacketBuffers buffers, UdpCounters counters) {
        this(egress, buffers, counters, new SocketCalls()::sendMany);
    }

    NativeSendQueue(ShardEgress egress, PacketBuffers buffers, UdpCounters counters, Sender sender) {
        super(egress, buffers, counters);
        this.sender = sender;
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
        int left = first;
        while (left != UdpSocket.NOTHING) {
            gather(left, through);
            int iov = 0;
            for (int run = 0; run < runs; run++) {
                iov = build(run, iov, through);
            }
            left = push(through);
        }
    }

    /**
     * Puts what goes to one receiver, with one code point and ECN field and in one length, into runs that the kernel takes as one. Only the
     * last of a run may be shorter. Entries of a client stay in order; those of different clients need not.
     */
    private void gather(int first, NativeUdpSocket through) {
        sends++;
        runs = 0;
        int backendRun = UdpSocket.NOTHING;
        int entry = first;
        while (entry != UdpSocket.NOTHING) {
            int following = next(entry);
            UdpSession client = client(entry);
            int open = client == null ? backendRun : client.openRunSend == sends ? client.openRun : UdpSocket.NOTHING;
            if (open != UdpSocket.NOTHING && fits(open, entry, segmentLimit(client, through))) {
                chain(lasts[open], entry);
                lasts[open] = entry;
                counts[open]++;
                runBytes[open] += length(entry);
            } else {
                open = runs++;
                firsts[open] = entry;
                lasts[open] = entry;
                counts[open] = 1;
                runBytes[open] = length(entry);
                if (client == null) {
                    backendRun = open;
                } else {
                    client.openRun = open;
                    client.openRunSend = sends;
                }
            }
            chain(entry, UdpSocket.NOTHING);
            entry = following;
        }
    }

    /** Clients of one socket are reached by paths of their own: what one's does not take says nothing about the others'. */
    private static int segmentLimit(@Nullable UdpSession client, NativeUdpSocket through) {
        int limit = through.segmentLimit();
        return client == null ? limit : Math.min(limit, client.segmentLimit);
    }

    private boolean fits(int run, int entry, int segmentLimit) {
        int first = firsts[run];
        int segment = length(first);
        int length = length(entry);
        return length <= segment
                && length > 0
                && length(lasts[run]) == segment
                && segment <= segmentLimit
                && counts[run] < LONGEST_RUN
                && runBytes[run] + length <= LONGEST_RUN_BYTES
                && tos(entry) == tos(first)
                && trafficClass(entry) == trafficClass(first);
    }

    /** Sends the runs. Answers what is left to be sent by other runs, or {@link UdpSocket#NOTHING}. */
    private int push(NativeUdpSocket through) {
        boolean isRetry = false;
        int done = 0;
        while (done < runs) {
            int result = sender.sendMany(through.fd(), header(done), runs - done, SocketLayout.MSG_DONTWAIT);
            if (result > 0) {
                for (int end = done + result; done < end; done++) {
                    sent(done);
                }
                isRetry = false;
            } else if (!isRetry && isPerhapsEarlier(-result)) {
                isRetry = true;
                countRetry();
                through.errorMet();
            } else if (isFull(-result)) {
                for (; done < runs; done++) {
                    failed(done, -result);
                }
            } else if (counts[done] > 1 && isSegmentingRefused(-result)) {
                refused(firsts[done], -result, through);
                return rest(done);
            } else if (result != -Errno.EINTR) {
                failed(done++, -result);
                isRetry = false;
            }
        }
        return UdpSocket.NOTHING;
    }

    private static boolean isSegmentingRefused(int errno) {
        return switch (errno) {
            case Errno.EMSGSIZE, Errno.EINVAL, Errno.EIO, Errno.EOPNOTSUPP, Errno.ENOPROTOOPT -> true;
            default -> false;
        };
    }

    /** Segments that the path would have to fragment are not taken (EMSGSIZE, EINVAL); shorter ones may be. */
    private void refused(int first, int errno, NativeUdpSocket through) {
        count(UdpCounter.SEGMENTING_REFUSED);
        boolean isTooLong = errno == Errno.EMSGSIZE || errno == Errno.EINVAL;
        int limit = isTooLong ? length(first) - 1 : 0;
        UdpSession client = client(first);
        if (client == null) {
            through.limitSegments(limit);
        } else {
            client.segmentLimit = limit;
        }
        if (!isTooLong && !isRefusalTold) {
            isRefusalTold = true;
            LOG.warn(
                    "the kernel does not take several datagrams at once here ({}); each is sent by itself",
                    Errno.describe(errno));
        }
    }

    private int rest(int done) {
        for (int run = done; run < runs - 1; run++) {
            chain(lasts[run], firsts[run + 1]);
        }
        return firsts[done];
    }

    private void sent(int run) {
        if (counts[run] > 1) {
            count(UdpCounter.SEGMENTED);
        }
        taken(firsts[run], counts[run], runBytes[run]);
    }

    private void failed(int run, int errno) {
        for (int entry = firsts[run]; entry != UdpSocket.NOTHING; entry = next(entry)) {
            dropped(entry, errno);
        }
    }

    /** Answers the next free iovec. Payloads that stand behind one another, as merged ones do, take a single one. */
    private int build(int run, int firstIov, NativeUdpSocket through) {
        int first = firsts[run];
        int iov = firstIov - 1;
        long end = 0;
        for (int entry = first; entry != UdpSocket.NOTHING; entry = next(entry)) {
            long at = payload(entry);
            int length = length(entry);
            if (at == end) {
                long bytes = iovec(iov) + SocketLayout.IOV_LENGTH;
                Memory.putLong(bytes, Memory.getLong(bytes) + length);
            } else {
                iov++;
                Memory.putLong(iovec(iov) + SocketLayout.IOV_BASE, at);
                Memory.putLong(iovec(iov) + SocketLayout.IOV_LENGTH, length);
            }
            end = at + length;
        }
        long header = header(run);
        Memory.putLong(header + SocketLayout.MSG_IOV, iovec(firstIov));
        Memory.putLong(header + SocketLayout.MSG_IOV_LENGTH, iov + 1L - firstIov);
        writeTarget(run, first, through);
        return iov + 1;
    }

    private void writeTarget(int run, int first, NativeUdpSocket through) {
        long header = header(run);
        long control = controls + (long) run * CONTROL_BYTES;
        long end = control;
        UdpSession client = client(first);
        boolean isFour = !through.isSix();
        if (client == null) {
            Memory.putLong(header + SocketLayout.MSG_NAME, 0);
            Memory.putInt(header + SocketLayout.MSG_NAME_LENGTH, 0);
        } else {
            writeName(header, names + (long) run * NAME_BYTES, client, through.isSix());
            if (through.isWildcard()) {
                end = writeSource(control, client, through.isSix());
            }
            isFour = client.ipVersion() == 4;
        }
        int tos = tos(first);
        if (tos != 0) {
            end = writeTos(end, tos, isFour);
        }
        if (counts[run] > 1) {
            end = writeSegment(end, length(first));
        }
        Memory.putLong(header + SocketLayout.MSG_CONTROL, end == control ? 0 : control);
        Memory.putLong(header + SocketLayout.MSG_CONTROL_LENGTH, end - control);
    }

    private static long writeSegment(long at, int bytes) {
        writeHead(at, Short.BYTES, SocketLayout.SOL_UDP, SocketLayout.UDP_SEGMENT);
        Memory.putShort(at + SocketLayout.CMSG_DATA, (short) bytes);
        return at + SocketLayout.cmsgSpace(Short.BYTES);
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

    private static long writeTos(long at, int tos, boolean isFour) {
        if (isFour) {
            writeHead(at, Integer.BYTES, SocketLayout.SOL_IP, SocketLayout.IP_TOS);
        } else {
            writeHead(at, Integer.BYTES, SocketLayout.SOL_IPV6, SocketLayout.IPV6_TCLASS);
        }
        Memory.putInt(at + SocketLayout.CMSG_DATA, tos);
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

    private long iovec(int i) {
        return iovecs + (long) i * SocketLayout.IOVEC_SIZE;
    }

    private long header(int i) {
        return headers + (long) i * SocketLayout.MMSGHDR_SIZE;
    }
}

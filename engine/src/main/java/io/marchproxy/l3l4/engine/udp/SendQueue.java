package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a batch sends: datagrams in the order in which the stages let them go, chained by the socket that each leaves
 * through, so that a socket's share goes out in one system call. Egress thread.
 *
 * <p>Nothing waits here beyond the batch. A datagram that the kernel has no room for is dropped and counted, as by a full
 * queue of a network interface: what UDP's users reckon with, bounded, and without spinning.
 */
abstract class SendQueue implements BatchedEgress {
    /** Datagrams that are gathered at the most, before they are sent though the batch goes on. */
    static final int CAPACITY = 512;

    private final ShardEgress egress;
    private final TrafficBooks books;
    private final PacketBuffers buffers;
    private final UdpCounters.Part counters;

    private final long[] payloads = new long[CAPACITY];
    private final int[] lengths = new int[CAPACITY];
    private final int[] tos = new int[CAPACITY];
    private final int[] services = new int[CAPACITY];
    private final int[] classes = new int[CAPACITY];
    private final int[] nexts = new int[CAPACITY];
    private final @Nullable UdpSession[] clients = new @Nullable UdpSession[CAPACITY];
    private final UdpSocket[] sockets = new UdpSocket[CAPACITY];
    private final List<UdpSession> finished = new ArrayList<>();
    private int count;
    private int socketCount;
    private boolean isRegistered;

    SendQueue(ShardEgress egress, PacketBuffers buffers, UdpCounters counters) {
        this.egress = egress;
        this.books = egress.books();
        this.buffers = buffers;
        this.counters = counters.egress();
    }

    /**
     * Takes a datagram over.
     *
     * @param through the socket that it leaves through
     * @param client whose client it goes to, or null towards the backend that the socket is connected to
     */
    final void add(UdpSocket through, @Nullable UdpSession client, PacketDescriptor packet) {
        if (count == CAPACITY) {
            send();
        }
        int entry = count++;
        int length = packet.lengthBytes();
        int service = packet.service();
        int trafficClass = packet.trafficClass();
        payloads[entry] = packet.payloadAddress();
        lengths[entry] = length;
        tos[entry] = packet.egressTos();
        services[entry] = service;
        classes[entry] = trafficClass;
        clients[entry] = client;
        nexts[entry] = UdpSocket.NOTHING;
        link(through, entry);
        Direction direction = packet.direction();
        books.in(service, trafficClass, direction, 1, length);
        books.held(service, trafficClass, direction, 1, length);
        if (!isRegistered) {
            isRegistered = true;
            egress.dirty(this);
        }
    }

    /** Counts a datagram that was taken over but can't be sent, and frees its buffer. */
    final void refuse(PacketDescriptor packet, DropReason reason) {
        Direction direction = packet.direction();
        books.in(packet.service(), packet.trafficClass(), direction, 1, packet.lengthBytes());
        books.dropped(packet.service(), packet.trafficClass(), direction, reason, 1, packet.lengthBytes());
        buffers.release(packet.payloadAddress());
    }

    /** Has a session let go of its socket once everything that goes through it is sent. */
    final void finish(UdpSession session) {
        if (count == 0) {
            session.release();
        } else {
            finished.add(session);
        }
    }

    @Override
    public final void flush() {
        isRegistered = false;
        send();
    }

    /** Sends all that was gathered. */
    final void send() {
        for (int i = 0; i < socketCount; i++) {
            UdpSocket socket = sockets[i];
            transmit(socket, socket.firstPending, socket.pendingCount);
            socket.firstPending = UdpSocket.NOTHING;
            socket.lastPending = UdpSocket.NOTHING;
            socket.pendingCount = 0;
        }
        Arrays.fill(clients, 0, count, null);
        count = 0;
        socketCount = 0;
        if (!finished.isEmpty()) {
            for (int i = 0; i < finished.size(); i++) {
                finished.get(i).release();
            }
            finished.clear();
        }
    }

    /** Sends a socket's share: {@code pending} entries from {@code first} on. Each is then sent or dropped. */
    abstract void transmit(UdpSocket socket, int first, int pending);

    /** Frees what the queue holds. */
    abstract void close();

    final int next(int entry) {
        return nexts[entry];
    }

    final long payload(int entry) {
        return payloads[entry];
    }

    /** Has another entry come next, within what is being sent. */
    final void chain(int entry, int following) {
        nexts[entry] = following;
    }

    final int trafficClass(int entry) {
        return classes[entry];
    }

    final int length(int entry) {
        return lengths[entry];
    }

    /** Code point and ECN field to leave with. */
    final int tos(int entry) {
        return tos[entry];
    }

    final @Nullable UdpSession client(int entry) {
        return clients[entry];
    }

    /**
     * The kernel took entries of one session and class.
     *
     * @param first of a chain that ends with the last of them
     */
    final void taken(int first, int packets, long bytes) {
        Direction direction = direction(first);
        books.held(services[first], classes[first], direction, -packets, -bytes);
        books.out(services[first], classes[first], direction, packets, bytes);
        int entry = first;
        for (int i = 0; i < packets; i++) {
            buffers.release(payloads[entry]);
            entry = nexts[entry];
        }
    }

    /** The kernel refused it. */
    final void dropped(int entry, int errno) {
        Direction direction = direction(entry);
        int length = lengths[entry];
        books.held(services[entry], classes[entry], direction, -1, -length);
        books.dropped(services[entry], classes[entry], direction, reason(errno, direction), 1, length);
        buffers.release(payloads[entry]);
        if (errno == Errno.EMSGSIZE) {
            counters.increment(UdpCounter.OVERSIZED);
        }
    }

    final void count(UdpCounter counter) {
        counters.increment(counter);
    }

    final void countRetry() {
        counters.increment(UdpCounter.RETRIED);
    }

    /** Whether an error may be that of an earlier datagram, told now (ICMP), so that this one was not even tried. */
    static boolean isPerhapsEarlier(int errno) {
        return switch (errno) {
            case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM, Errno.EINVAL, Errno.EPERM, Errno.EBADF -> false;
            default -> true;
        };
    }

    /** Whether the kernel has no room for the next ones either. */
    static boolean isFull(int errno) {
        return errno == Errno.EAGAIN || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
    }

    private static DropReason reason(int errno, Direction direction) {
        return switch (errno) {
            case Errno.EMSGSIZE -> DropReason.OVERSIZED;
            case Errno.ECONNREFUSED, Errno.EHOSTUNREACH, Errno.ENETUNREACH ->
                direction == Direction.TO_BACKEND ? DropReason.BACKEND_UNREACHABLE : DropReason.SEND_FAILED;
            default -> DropReason.SEND_FAILED;
        };
    }

    private Direction direction(int entry) {
        return clients[entry] == null ? Direction.TO_BACKEND : Direction.TO_CLIENT;
    }

    private void link(UdpSocket socket, int entry) {
        if (socket.lastPending == UdpSocket.NOTHING) {
            sockets[socketCount++] = socket;
            socket.firstPending = entry;
        } else {
            nexts[socket.lastPending] = entry;
        }
        socket.lastPending = entry;
        socket.pendingCount++;
    }
}

package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard's sessions by the slot of their flow. Egress thread, unless a method says otherwise.
 *
 * <p>The pipeline decides which sessions there are and how many; here each is given a socket, or its flow is reported
 * closed, so that none stays half made.
 */
final class UdpSessions {
    private static final Logger LOG = LoggerFactory.getLogger(UdpSessions.class);
    private static final int FIRST_SLOTS = 1024;
    private static final long EPISODE_NS = TimeUnit.SECONDS.toNanos(10);

    private final ShardContext shard;
    private final ShardEgress egress;
    private final PacketBuffers buffers;
    private final UdpCounters counters;
    private final SendQueue queue;
    private final UdpSocketFactory factory;
    private @Nullable UdpSession[] bySlot = new @Nullable UdpSession[FIRST_SLOTS];
    private final SessionTotals totals = new SessionTotals();
    private boolean isClosed;
    private boolean hasFailedBefore;
    private long lastFailureNs;

    UdpSessions(
            ShardContext shard,
            PacketBuffers buffers,
            UdpCounters counters,
            SendQueue queue,
            UdpSocketFactory factory) {
        this.shard = shard;
        this.egress = shard.egress();
        this.buffers = buffers;
        this.counters = counters;
        this.queue = queue;
        this.factory = factory;
    }

    /** Sends a client's datagram to the backend that the stages chose, through its session's socket, which is opened if need be. */
    void forward(UdpListener listener, PacketDescriptor packet) {
        if (isClosed) {
            queue.refuse(packet, DropReason.DRAINING);
            return;
        }
        UdpSession session = find(packet.flowRef());
        if (session == null) {
            session = open(listener, packet);
        } else if (session.backend() != packet.backend() || hasMoved(session)) {
            session = reroute(session, packet);
        }
        if (session != null) {
            session.asks(packet);
            queue.add(session.socket(), null, packet);
        }
    }

    /** Ends a session: what was taken over is still sent. */
    void end(UdpSession session, FlowEnd reason) {
        counters.egress()
                .increment(
                        switch (reason) {
                            case REPLIES_COMPLETE -> UdpCounter.SESSIONS_COMPLETE;
                            case EVICTED -> UdpCounter.SESSIONS_EVICTED;
                            default -> UdpCounter.SESSIONS_IDLE;
                        });
        forget(session);
    }

    /** Ends all sessions for good, and has the pipeline forget their flows. */
    void close() {
        isClosed = true;
        queue.send();
        for (UdpSession session : bySlot) {
            if (session != null) {
                egress.unbind(session.flowRef());
                reportClosed(session.flowRef(), session.service());
                forget(session);
            }
        }
    }

    /** Whether nothing is sent any more. */
    boolean isClosed() {
        return isClosed;
    }

    /** Sessions opened since the start. Any thread. */
    long total(int service) {
        return totals.get(service);
    }

    private @Nullable UdpSession find(long flowRef) {
        int slot = (int) flowRef;
        UdpSession session = slot < bySlot.length ? bySlot[slot] : null;
        return session != null && session.flowRef() == flowRef ? session : null;
    }

    /**
     * Whether the session's backend is at another address than its socket is connected to, as when its name has come to mean
     * another. Asked for each datagram: until a reload the two are one object, which Objects.equals sees without looking into it.
     */
    private boolean hasMoved(UdpSession session) {
        BackendTarget target = egress.backend(session.backend());
        return target != null
                && !Objects.equals(target.address(), session.socket().address());
    }

    private @Nullable UdpSession open(UdpListener listener, PacketDescriptor packet) {
        if (listener.isRetired()) {
            giveUp(packet, DropReason.DRAINING);
            return null;
        }
        UdpSocket socket = connect(packet);
        if (socket == null) {
            return null;
        }
        if (!listener.retain()) {
            closeOnLoop(socket);
            giveUp(packet, DropReason.NO_SERVICE);
            return null;
        }
        UdpSession session = new UdpSession(this, listener, packet, socket);
        int slot = (int) session.flowRef();
        if (slot >= bySlot.length) {
            bySlot = Arrays.copyOf(bySlot, Math.max(slot + 1, bySlot.length * 2));
        }
        bySlot[slot] = session;
        egress.bind(session.flowRef(), session);
        counters.egress().increment(UdpCounter.SESSIONS_OPENED);
        totals.increment(packet.service());
        readOnLoop(socket, session.reader(packet.backend()));
        return session;
    }

    private @Nullable UdpSession reroute(UdpSession session, PacketDescriptor packet) {
        UdpSocket socket = connect(packet);
        if (socket == null) {
            egress.unbind(session.flowRef());
            forget(session);
            return null;
        }
        counters.egress().increment(UdpCounter.SESSIONS_REROUTED);
        if (session.socket().pendingCount > 0) {
            queue.send();
        }
        closeOnLoop(session.moveTo(packet.backend(), socket));
        readOnLoop(socket, session.reader(packet.backend()));
        return session;
    }

    private @Nullable UdpSocket connect(PacketDescriptor packet) {
        BackendTarget target = egress.backend(packet.backend());
        if (target == null) {
            giveUp(packet, DropReason.NO_HEALTHY_BACKEND);
            return null;
        }
        try {
            return factory.connected(target.address());
        } catch (IOException e) {
            counters.egress().increment(UdpCounter.SESSION_FAILURES);
            logOnceAnEpisode(target, e);
            int errno = e instanceof SystemCallException call ? call.errno() : Errno.EIO;
            boolean isUnreachable = errno == Errno.ENETUNREACH || errno == Errno.EHOSTUNREACH;
            if (isUnreachable) {
                egress.signal(packet.backend(), errno);
            }
            giveUp(packet, isUnreachable ? DropReason.BACKEND_UNREACHABLE : DropReason.SEND_FAILED);
            return null;
        }
    }

    /** Drops the datagram, and has the pipeline forget a flow that has no socket. */
    private void giveUp(PacketDescriptor packet, DropReason reason) {
        queue.refuse(packet, reason);
        reportClosed(packet.flowRef(), packet.service());
    }

    private void reportClosed(long flowRef, int service) {
        execute(() -> {
            ShardIngress ingress = shard.ingress();
            PacketDescriptor event = ingress.claim();
            event.reset(EventKind.CLOSED, ingress.nowNs());
            event.protocol(DatagramReceiver.UDP);
            event.service(service);
            event.flowRef(flowRef);
            ingress.publish();
            ingress.settle();
        });
    }

    private void forget(UdpSession session) {
        bySlot[(int) session.flowRef()] = null;
        queue.finish(session);
    }

    private void readOnLoop(UdpSocket socket, DatagramHandler reader) {
        if (shard.loop().inEventLoop()) {
            read(socket, reader);
        } else {
            execute(() -> read(socket, reader));
        }
    }

    private static void read(UdpSocket socket, DatagramHandler reader) {
        try {
            socket.read(reader);
        } catch (IOException e) {
            LOG.debug("a session's socket is not read, since its shard ends: {}", e.toString());
            socket.close();
        }
    }

    /** Closes a socket, where it is read. Any thread. */
    void closeOnLoop(UdpSocket socket) {
        if (shard.loop().inEventLoop()) {
            socket.close();
        } else {
            execute(socket::close);
        }
    }

    /** A loop that has ended needs no events; its sockets are abandoned with the shard. */
    private void execute(Runnable task) {
        try {
            shard.loop().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("shard {} has ended", shard.id());
        }
    }

    private void logOnceAnEpisode(BackendTarget target, IOException error) {
        long nowNs = System.nanoTime();
        if (!hasFailedBefore || nowNs - lastFailureNs > EPISODE_NS) {
            LOG.warn(
                    "no UDP session towards backend {}: {}; its datagrams are dropped and counted",
                    target.id(),
                    error.getMessage());
        }
        hasFailedBefore = true;
        lastFailureNs = nowNs;
    }

    SendQueue queue() {
        return queue;
    }

    PacketBuffers buffers() {
        return buffers;
    }

    UdpCounters counters() {
        return counters;
    }

    ShardEgress egress() {
        return egress;
    }

    ShardIngress ingress() {
        return shard.ingress();
    }
}

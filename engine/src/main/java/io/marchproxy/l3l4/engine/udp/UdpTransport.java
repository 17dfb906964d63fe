package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.transport.BufferRing;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The UDP relay of one shard: its listeners, their sessions, and the buffers that datagrams pass through. */
public final class UdpTransport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UdpTransport.class);

    private static final long CLOSE_TIMEOUT_MS = 2_000;

    private final ShardContext shard;
    private final UdpOptions options;
    private final UdpCounters counters = new UdpCounters();
    private final OpenSockets open = new OpenSockets();
    private final List<UdpListener> listeners = new CopyOnWriteArrayList<>();
    private final PacketBuffers buffers;
    private final DatagramReceiver receiver;
    private final Offload offload;
    private final SendQueue queue;
    private final UdpSessions sessions;
    private boolean isClosed;

    /** A relay without listeners yet. Its memory is taken as it is used. */
    public UdpTransport(ShardContext shard, UdpOptions options) {
        this.shard = shard;
        this.options = options;
        boolean isNio = shard.transport() == TransportKind.NIO;
        BufferRing ring = shard.transport() == TransportKind.IO_URING ? openRing() : null;
        buffers = new PacketBuffers(options.packetBuffers(), options.jumboBuffers(), shard.separateEgress(), ring);
        if (ring != null) {
            receiver = new RingReceiver(shard, buffers, ring, counters, options);
        } else {
            receiver = isNio
                    ? new NioReceiver(shard, buffers, counters, options)
                    : new NativeReceiver(shard, buffers, counters, options);
        }
        offload = isNio ? Offload.NONE : Offload.of(shard.id());
        queue = isNio
                ? new NioSendQueue(shard.egress(), buffers, counters)
                : new NativeSendQueue(shard.egress(), buffers, counters);
        sessions = new UdpSessions(shard, buffers, counters, queue, factory());
    }

    /**
     * Binds a listener. Any thread.
     *
     * @throws IOException if the address can't be had; the message says which and why
     */
    public UdpListener listen(ListenerSpec spec) throws IOException {
        UdpListener listener = new UdpListener(this, spec, factory().bound(spec.address()), sessions);
        listeners.add(listener);
        return listener;
    }

    /** What is counted besides the books. Any thread. */
    public UdpCounters counters() {
        return counters;
    }

    /** The buffers, for tests to count. */
    PacketBuffers buffers() {
        return buffers;
    }

    /** What receives, for tests to give it a socket that can't be read. */
    DatagramReceiver receiver() {
        return receiver;
    }

    /** Sessions of a pipeline service since the start. Any thread. */
    public long totalSessions(int service) {
        return sessions.total(service);
    }

    /** Sockets that are open: listeners, sessions, and those that are about to close. Any thread. */
    public int openSockets() {
        return open.size();
    }

    /** Ends all sessions, closes every socket and frees all memory. Returns when that is done. Not on the shard's threads. */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            CompletableFuture<Void> sessionsEnded = new CompletableFuture<>();
            shard.loop().submit(() -> endSessions(sessionsEnded)).syncUninterruptibly();
            sessionsEnded.get(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
            if (!open.awaitNone(CLOSE_TIMEOUT_MS)) {
                LOG.warn("shard {}: {} UDP sockets are slow to close", shard.id(), open.size());
                shard.loop().submit(open::abandon).syncUninterruptibly();
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("shard {} has ended before its sockets", shard.id());
            open.abandon();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (ExecutionException | TimeoutException e) {
            LOG.error(
                    "shard {} does not end its UDP sessions; neither their memory nor their sockets are freed",
                    shard.id());
            return;
        }
        queue.close();
        receiver.close();
        buffers.close();
    }

    /**
     * Stops the reading, and has the sessions ended by the egress thread, behind all that is on its way: a descriptor that
     * says nothing to the stages passes through them to whatever endpoint it has.
     */
    private void endSessions(CompletableFuture<Void> ended) {
        listeners.forEach(listener -> listener.socket().closeAfter(ended));
        ShardIngress ingress = shard.ingress();
        PacketDescriptor event = ingress.claim();
        event.reset(EventKind.SNAPSHOT, ingress.nowNs());
        event.endpoint(new SessionsEnd(ended));
        ingress.publish();
        ingress.settle();
    }

    void start(UdpListener listener) {
        for (UdpListener other : listeners) {
            if (other.isRetired() && other.address().equals(listener.address())) {
                other.socket().deafen();
            }
        }
        shard.loop().execute(() -> {
            try {
                listener.socket().read(listener);
            } catch (IOException e) {
                LOG.error("udp {} is not served: {}", listener.address(), e.getMessage());
            }
        });
    }

    void retire(UdpListener listener) {
        for (UdpListener other : listeners) {
            if (!other.isRetired() && other.address().equals(listener.address())) {
                listener.socket().deafen();
            }
        }
        try {
            shard.loop().submit(listener::release).syncUninterruptibly();
        } catch (RejectedExecutionException e) {
            LOG.debug("shard {} has ended, and its sockets with it", shard.id());
        }
    }

    void forget(UdpListener listener) {
        listeners.remove(listener);
    }

    /** Buffers for io_uring to receive into, or null where it takes none. */
    private @Nullable BufferRing openRing() {
        try {
            return BufferRing.open(shard.loop(), options.ringBuffers(), RingReceiver.BUFFER_BYTES);
        } catch (IOException e) {
            LOG.warn(
                    "shard {}: io_uring takes no receive buffers ({}); UDP is read by recvmmsg",
                    shard.id(),
                    e.getMessage());
            return null;
        }
    }

    private UdpSocketFactory factory() {
        return receiver instanceof NioReceiver nio
                ? new NioUdpSocket.Factory(shard, nio, open, options)
                : new NativeUdpSocket.Factory(shard, (SocketReceiver) receiver, open, options, offload);
    }

    private final class SessionsEnd implements Endpoint {
        private final CompletableFuture<Void> done;

        SessionsEnd(CompletableFuture<Void> done) {
            this.done = done;
        }

        @Override
        public void forward(PacketDescriptor packet) {
            sessions.close();
            done.complete(null);
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            forward(packet);
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {
            throw new IllegalStateException("flows belong to sessions");
        }
    }
}

package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Questions;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection and the backend connection that serves it.
 *
 * <p>Sockets report through the ring (opened, read, ended, broken); what the stages decide comes back through
 * {@link Endpoint} and is carried out in the same order. Each socket is closed as soon as its sender's FIN was read and
 * ours was sent; when both are, the connection is over. Everything but {@link Endpoint}'s methods runs on the event loop's
 * thread; those run on the egress thread, and hop over when that is another.
 */
final class TcpConnection implements Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(TcpConnection.class);

    /** How far a connection has come. */
    private enum Stage {
        /** Accepted; the client's address is not known yet. */
        ARRIVING,
        /** The stages are asked for a backend. */
        OPENING,
        /** A backend is being connected to, or has been and the stages are told. */
        CONNECTING,
        /** Bytes flow. */
        RELAYING,
        /** The sockets are closed or closing; nothing more is told or done. */
        OVER
    }

    /** One of the two sockets, what reads it and what writes to it. */
    private record Side(StreamSocket socket, Reader reader, Writer writer) {}

    private final TcpShard shard;
    private final ListenerSpec spec;
    private final Admission admission;
    private final Side client;
    private final long acceptedNs;
    private boolean admitted;
    private @Nullable DescriptorBudget budget;
    private Stage stage = Stage.ARRIVING;
    private @Nullable ClientAddress address;

    /** From the try to connect on. */
    private @Nullable Side backend;

    private long flowRef = PacketDescriptor.NO_FLOW;
    private int dscp = PacketDescriptor.DSCP_UNCHANGED;

    /** As the stages last said. */
    private int trafficClass;

    private int backendIndex = PacketDescriptor.NO_BACKEND;
    private @Nullable BackendConnect connect;
    private boolean clientIsGone;
    private boolean resetTold;

    /** Egress thread. */
    private final Questions questions;

    /** A connection around an accepted socket that is not watched yet. */
    TcpConnection(TcpShard shard, ListenerSpec spec, Admission admission, StreamSocket client) {
        this.shard = shard;
        this.spec = spec;
        this.admission = admission;
        this.acceptedNs = shard.ingress().nowNs();
        this.questions = new Questions(shard.egress());
        this.client = side(client, Direction.TO_BACKEND);
        shard.add(this);
    }

    // The client's side, up to OPEN.

    /** Its part of the descriptors has been taken, and is given back at its end. */
    void holds(DescriptorBudget taken) {
        budget = taken;
    }

    /** Takes the place under the service's cap; false when there is none. */
    boolean enter() {
        admitted = admission.enter();
        return admitted;
    }

    /** Watches the client's socket from now on. */
    void watch() throws IOException {
        client.socket().watch(events -> changed(client, events));
    }

    Reader fromClient() {
        return client.reader();
    }

    ServiceSettings settings() {
        return spec.settings();
    }

    /** Asks the stages for a backend, for a client whose address is known now. */
    void open(ClientAddress from) {
        DropReason refusal =
                admission.refusal(from.source().getAddress(), shard.ingress().nowNs());
        open(from, refusal);
    }

    /** Has the stages count that the client is refused; they then have it reset. */
    void refuse(DropReason reason) {
        open(socketAddresses(), reason);
    }

    /** Ends a callback of the event loop that told the stages something. */
    void settle() {
        shard.ingress().settle();
    }

    /** Who the sockets say it is. */
    ClientAddress socketAddresses() {
        return new ClientAddress(
                client.socket().remoteAddress(), client.socket().localAddress());
    }

    private void open(ClientAddress from, @Nullable DropReason refusal) {
        if (stage != Stage.ARRIVING) {
            return;
        }
        stage = Stage.OPENING;
        address = from;
        PacketDescriptor event = claim(EventKind.OPEN, Direction.TO_BACKEND);
        from.describe(event);
        event.argument0(refusal == null ? 0 : refusal.ordinal() + 1L);
        shard.ingress().publish();
    }

    // What the stages decided: egress thread.

    @Override
    public void forward(PacketDescriptor packet) {
        switch (packet.kind()) {
            case DATA -> {
                if (packet.takePayload() instanceof Payload bytes) {
                    questions.leaves(packet);
                    shard.takenOver(packet);
                    shard.write(this, packet, bytes);
                }
            }
            case OPEN, CONNECT_FAILED -> {
                long flow = packet.flowRef();
                int index = packet.backend();
                int codePoint = packet.egressDscp();
                int inClass = packet.trafficClass();
                long leftNs = packet.argument1();
                boolean again = packet.kind() == EventKind.CONNECT_FAILED;
                BackendTarget target = shard.egress().backend(index);
                if (!again) {
                    shard.bind(flow, this);
                }
                shard.onLoop(() -> {
                    trafficClass = inClass;
                    connect(flow, index, target, codePoint, leftNs, again);
                });
            }
            case CONNECTED -> shard.onLoop(this::relay);
            case FIN -> {
                Direction direction = packet.direction();
                shard.onLoop(() -> finish(direction));
            }
            case RESET -> shard.onLoop(() -> abort(false));
            default -> {
                // nothing to do on the wire
            }
        }
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        EventKind kind = packet.kind();
        Object payload = packet.takePayload();
        shard.onLoop(() -> {
            if (payload instanceof Chunk bytes) {
                shard.chunks().give(bytes);
            }
            // Whatever of a connection is dropped, a stream with a hole is worse than none.
            abort(kind == EventKind.DATA && reason != DropReason.FLOW_GONE);
        });
    }

    @Override
    public void flowEnded(long ref, FlowEnd reason) {
        shard.onLoop(this::close);
    }

    // Carrying it out: event loop's thread.

    /** Hands bytes to the socket that they are for. The egress's books hold them already. */
    void write(Direction direction, Payload bytes, int length, int inClass, int codePoint) {
        Writer writer = writer(direction);
        if (writer != null && stage == Stage.RELAYING) {
            // Sends what waits, by which the connection may turn out to be broken.
            writer.mark(codePoint);
        }
        if (writer == null || stage != Stage.RELAYING) {
            shard.lost(spec.service(), inClass, direction, bytes, length);
            return;
        }
        trafficClass = inClass;
        writer.write(bytes, length, inClass);
    }

    /** What may be read at once for a direction. */
    int largestPiece(Direction direction) {
        return shard.largestPiece(spec.service(), trafficClass, direction);
    }

    private void connect(
            long flow, int index, @Nullable BackendTarget target, int codePoint, long leftNs, boolean again) {
        flowRef = flow;
        if (isOver()) {
            forget(true);
            return;
        }
        stage = Stage.CONNECTING;
        backendIndex = index;
        dscp = codePoint;
        if (again) {
            admission.retried();
        }
        if (clientIsGone) {
            tellReset(Direction.TO_BACKEND);
        } else if (target == null) {
            connectFailed(index, Errno.EHOSTUNREACH);
        } else {
            client.writer().mark(codePoint);
            BackendConnect underWay = BackendConnect.start(this, shard, target, leftNs);
            if (underWay != null) {
                // One that ended at once may have been followed by another, which is what stands there then.
                connect = underWay;
            }
        }
    }

    /** Sets up a socket that is about to connect to a backend. */
    void prepare(StreamSocket socket) {
        Side server = side(socket, Direction.TO_CLIENT);
        server.writer().serves(client.reader());
        client.writer().serves(server.reader());
        server.writer().mark(dscp);
        backend = server;
    }

    void connected() {
        connect = null;
        Side server = backend;
        ClientAddress from = address;
        if (isOver() || server == null || from == null) {
            return;
        }
        ProxyHeader.send(server.writer(), spec.settings().proxyProtocol().send(), from);
        claim(EventKind.CONNECTED, Direction.TO_BACKEND);
        shard.ingress().publish();
    }

    /** The backend's socket has changed since it is connected. */
    void backendChanged(int events) {
        Side server = backend;
        if (server != null) {
            changed(server, events);
        }
    }

    void connectFailed(int index, int errno) {
        if (isOver()) {
            return;
        }
        backend = null;
        connect = null;
        admission.connectFailed();
        if (ConnectFailure.isBackends(errno)) {
            shard.egress().signal(index, errno);
        }
        PacketDescriptor event = claim(EventKind.CONNECT_FAILED, Direction.TO_BACKEND);
        event.backend(index);
        event.argument0(errno);
        shard.ingress().publish();
    }

    private void relay() {
        Side server = backend;
        if (stage != Stage.CONNECTING || server == null || resetTold) {
            return;
        }
        stage = Stage.RELAYING;
        client.reader().start();
        server.reader().start();
    }

    private void changed(Side side, int events) {
        if (!isOver()) {
            try {
                side.writer().ready(events);
                side.reader().ready(events);
            } catch (RuntimeException e) {
                unexpected(e);
            }
            shard.ingress().settle();
        }
    }

    /** An error that should not happen is the end of this connection alone. */
    void unexpected(RuntimeException e) {
        LOG.warn("a connection is reset because of an unexpected error", e);
        abort(true);
    }

    /** Whether bytes can go from one socket to the other within the kernel. */
    boolean canSplice() {
        Side server = backend;
        return !shard.pipes().isRefused()
                && client.socket().descriptor() != StreamSocket.NO_DESCRIPTOR
                && server != null
                && server.socket().descriptor() != StreamSocket.NO_DESCRIPTOR;
    }

    private void finish(Direction direction) {
        Writer writer = writer(direction);
        if (writer != null && !isOver()) {
            writer.finish();
        }
    }

    /** Closes each socket that is through both ways, and ends the connection when both are. */
    void closeDone() {
        Side server = backend;
        if (isOver() || server == null) {
            return;
        }
        boolean clientDone = isThrough(Direction.TO_BACKEND);
        boolean serverDone = isThrough(Direction.TO_CLIENT);
        if (clientDone && serverDone) {
            over(true);
        }
        if (clientDone) {
            client.socket().close();
        }
        if (serverDone) {
            server.socket().close();
        }
    }

    /** The sender of a direction is gone with an error. */
    void broken(Direction sender) {
        switch (stage) {
            case ARRIVING -> abort(false);
            case OPENING -> clientIsGone = true;
            case CONNECTING, RELAYING -> {
                if (!isThrough(sender)) {
                    if (sender == Direction.TO_CLIENT && wasNeverAnswered()) {
                        shard.egress().signal(backendIndex, Errno.ECONNRESET);
                    }
                    tellReset(sender);
                }
            }
            case OVER -> {
                // its end is known
            }
        }
    }

    /** Whether the backend ends with an error a connection that it never sent a byte on, and that its client has not ended. */
    private boolean wasNeverAnswered() {
        Side server = backend;
        return !resetTold
                && server != null
                && !server.reader().hasRead()
                && !client.reader().isEnded();
    }

    /**
     * The backend is out: a connect that is under way goes on to another, which a later event tells of. What is connected is
     * left, or reset.
     */
    void backendIsOut(int index, boolean reset) {
        if (isOver() || backendIndex != index) {
            return;
        }
        BackendConnect underWay = connect;
        if (underWay != null) {
            underWay.abandon();
        } else if (reset && stage == Stage.RELAYING) {
            abort(true);
        }
    }

    /** Whether the socket that sends in a direction has sent its FIN and been sent ours. */
    private boolean isThrough(Direction sender) {
        Reader reader = reader(sender);
        Writer writer = writer(sender.opposite());
        return reader != null && reader.isEnded() && writer != null && writer.isShut();
    }

    private void tellReset(Direction sender) {
        if (!resetTold) {
            resetTold = true;
            claim(EventKind.RESET, sender);
            shard.ingress().publish();
        }
    }

    /** Ends both sockets with a reset that discards what is unsent, which is counted as such. */
    void abort(boolean pipelineHasFlow) {
        if (isOver()) {
            return;
        }
        over(pipelineHasFlow);
        client.socket().reset();
        Side server = backend;
        if (server != null) {
            server.socket().reset();
        }
    }

    /** The pipeline ended the flow: both sockets are closed, in good order unless somebody did not take his bytes. */
    private void close() {
        if (isOver()) {
            return;
        }
        Side server = backend;
        if (stage == Stage.RELAYING && server != null) {
            client.writer().flush();
            server.writer().flush();
            if (!isOver() && !client.writer().hasUnsent() && !server.writer().hasUnsent()) {
                over(false);
                client.socket().close();
                server.socket().close();
            }
        }
        abort(false);
    }

    private void over(boolean pipelineHasFlow) {
        stage = Stage.OVER;
        release(client);
        Side server = backend;
        if (server != null) {
            release(server);
        }
        if (admitted) {
            admission.leave(shard.ingress().nowNs() - acceptedNs);
        }
        DescriptorBudget taken = budget;
        if (taken != null) {
            taken.give();
        }
        shard.remove(this);
        if (flowRef != PacketDescriptor.NO_FLOW) {
            forget(pipelineHasFlow);
        }
    }

    private void forget(boolean pipelineHasFlow) {
        shard.unbind(flowRef);
        if (pipelineHasFlow) {
            claim(EventKind.CLOSED, Direction.TO_BACKEND);
            shard.ingress().publish();
        }
    }

    private static void release(Side side) {
        side.writer().release();
        side.reader().release();
    }

    boolean isOver() {
        return stage == Stage.OVER;
    }

    /** The next ring slot, filled with what all events of this connection share. */
    PacketDescriptor claim(EventKind kind, Direction direction) {
        PacketDescriptor event = shard.ingress().claim();
        ClientAddress from = address;
        event.reset(kind, shard.ingress().nowNs());
        event.direction(direction);
        event.protocol(TcpShard.PROTOCOL);
        event.ipVersion(from == null || from.isIpv4() ? 4 : 6);
        event.service(spec.service());
        event.listener(spec.listener());
        event.ingressDscp(client.socket().ingressDscp());
        event.flowRef(flowRef);
        event.endpoint(this);
        return event;
    }

    private @Nullable Reader reader(Direction direction) {
        Side sender = direction == Direction.TO_BACKEND ? client : backend;
        return sender == null ? null : sender.reader();
    }

    private @Nullable Writer writer(Direction direction) {
        Side receiver = direction == Direction.TO_CLIENT ? client : backend;
        return receiver == null ? null : receiver.writer();
    }

    private Side side(StreamSocket socket, Direction sends) {
        ServiceSettings settings = spec.settings();
        socket.noDelay(settings.tcpNoDelay());
        return new Side(
                socket,
                new Reader(this, sends, socket, shard, settings.bufferBytes()),
                new Writer(this, sends.opposite(), socket, shard, spec.service()));
    }
}

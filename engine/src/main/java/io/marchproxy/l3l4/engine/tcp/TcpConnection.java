package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One client connection and the backend connection that serves it.
 *
 * <p>Sockets report through the ring (opened, read, ended, broken); what the stages decide comes back through
 * {@link Endpoint} and is carried out in the same order. Each socket is closed as soon as its sender's FIN was read and
 * ours was sent; when both are, the connection is over. Everything but {@link Endpoint}'s methods runs on the event loop's
 * thread; those run on the egress thread, and hop over when that is another.
 */
final class TcpConnection implements Endpoint {
    private static final int EHOSTUNREACH = 113;

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

    /** The backend's side, from the try to connect on. */
    private record Backend(SocketChannel channel, Reader reader, Writer writer) {}

    private final TcpShard shard;
    private final ListenerSpec spec;
    private final Admission admission;
    private final SocketChannel client;
    private final Reader fromClient;
    private final Writer toClient;
    private final long acceptedNs;
    private boolean admitted;
    private @Nullable DescriptorBudget budget;
    private Stage stage = Stage.ARRIVING;
    private @Nullable ClientAddress address;
    private @Nullable Backend backend;
    private long flowRef = PacketDescriptor.NO_FLOW;
    private int dscp = PacketDescriptor.DSCP_UNCHANGED;
    private boolean clientIsGone;
    private boolean resetTold;

    /** A connection around an accepted socket that is not registered with the loop yet. */
    TcpConnection(TcpShard shard, ListenerSpec spec, Admission admission, SocketChannel client) {
        this.shard = shard;
        this.spec = spec;
        this.admission = admission;
        this.client = client;
        this.acceptedNs = shard.ingress().nowNs();
        this.fromClient = reader(Direction.TO_BACKEND, client);
        this.toClient = new Writer(this, Direction.TO_CLIENT, client, shard, spec.service());
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

    Reader fromClient() {
        return fromClient;
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
        return new ClientAddress(client.remoteAddress(), client.localAddress());
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
                if (packet.takePayload() instanceof ByteBuf bytes) {
                    shard.takenOver(packet, bytes.readableBytes());
                    shard.write(this, packet.direction(), bytes, packet.trafficClass(), packet.egressDscp());
                }
            }
            case OPEN, CONNECT_FAILED -> {
                long flow = packet.flowRef();
                int index = packet.backend();
                int codePoint = packet.egressDscp();
                long leftNs = packet.argument1();
                boolean again = packet.kind() == EventKind.CONNECT_FAILED;
                BackendTarget target = shard.egress().backend(index);
                if (!again) {
                    shard.bind(flow, this);
                }
                shard.onLoop(() -> connect(flow, index, target, codePoint, leftNs, again));
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
        if (packet.takePayload() instanceof ByteBuf bytes) {
            bytes.release();
        }
        // Whatever of a connection is dropped, a stream with a hole is worse than none.
        shard.onLoop(() -> abort(kind == EventKind.DATA && reason != DropReason.FLOW_GONE));
    }

    @Override
    public void flowEnded(long ref, FlowEnd reason) {
        shard.onLoop(this::close);
    }

    // Carrying it out: event loop's thread.

    /** Hands bytes to the socket that they are for. The egress's books hold them already. */
    void write(Direction direction, ByteBuf bytes, int trafficClass, int codePoint) {
        Writer writer = writer(direction);
        if (writer == null || stage != Stage.RELAYING) {
            shard.lost(spec.service(), trafficClass, direction, bytes);
            return;
        }
        writer.mark(codePoint);
        writer.write(bytes, trafficClass);
    }

    private void connect(
            long flow, int index, @Nullable BackendTarget target, int codePoint, long leftNs, boolean again) {
        flowRef = flow;
        if (isOver()) {
            forget(true);
            return;
        }
        stage = Stage.CONNECTING;
        dscp = codePoint;
        if (again) {
            admission.retried();
        }
        if (clientIsGone) {
            tellReset(Direction.TO_BACKEND);
        } else if (target == null) {
            connectFailed(index, EHOSTUNREACH);
        } else {
            toClient.mark(codePoint);
            BackendConnect.start(this, shard, target, leftNs);
        }
    }

    /** Sets up a socket that is about to connect to a backend. */
    void prepare(SocketChannel channel) {
        Reader reader = reader(Direction.TO_CLIENT, channel);
        Writer writer = new Writer(this, Direction.TO_BACKEND, channel, shard, spec.service());
        writer.serves(fromClient);
        toClient.serves(reader);
        backend = new Backend(channel, reader, writer);
        shard.configure(channel, reader, spec.settings());
        writer.mark(dscp);
    }

    void connected() {
        Backend server = backend;
        ClientAddress from = address;
        if (isOver() || server == null || from == null) {
            return;
        }
        server.channel().pipeline().addLast(server.reader());
        ProxyHeader.send(server.writer(), spec.settings().proxyProtocol().send(), from);
        claim(EventKind.CONNECTED, Direction.TO_BACKEND);
        shard.ingress().publish();
    }

    void connectFailed(int index, int errno) {
        if (isOver()) {
            return;
        }
        backend = null;
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
        Backend server = backend;
        if (stage != Stage.CONNECTING || server == null || resetTold) {
            return;
        }
        stage = Stage.RELAYING;
        fromClient.start();
        server.reader().start();
    }

    private void finish(Direction direction) {
        Writer writer = writer(direction);
        if (writer != null && !isOver()) {
            writer.finish();
        }
    }

    /** A socket has been sent our FIN after everything before it. */
    void outputShut(Direction direction) {
        Reader other = reader(direction.opposite());
        if (other != null) {
            other.outputShut();
        }
        closeDone();
    }

    /**
     * Closes each socket that is through both ways, and ends the connection when both are. A socket that is through but open
     * would be reported by level-triggered epoll again and again.
     */
    void closeDone() {
        Backend server = backend;
        if (isOver() || server == null) {
            return;
        }
        boolean clientDone = isThrough(Direction.TO_BACKEND);
        boolean serverDone = isThrough(Direction.TO_CLIENT);
        if (clientDone && serverDone) {
            over(true);
        }
        if (clientDone) {
            client.close();
        }
        if (serverDone) {
            server.channel().close();
        }
    }

    /** The sender of a direction is gone with an error. */
    void broken(Direction sender) {
        switch (stage) {
            case ARRIVING -> abort(false);
            case OPENING -> clientIsGone = true;
            case CONNECTING, RELAYING -> {
                if (!isThrough(sender)) {
                    tellReset(sender);
                }
            }
            case OVER -> {
                // its end is known
            }
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
        reset(client);
        Backend server = backend;
        if (server != null) {
            reset(server.channel());
        }
    }

    /** The pipeline ended the flow: both sockets are closed, in good order unless somebody did not take his bytes. */
    private void close() {
        if (isOver()) {
            return;
        }
        Backend server = backend;
        if (stage == Stage.RELAYING && server != null) {
            toClient.flush();
            server.writer().flush();
            if (!toClient.hasUnsent() && !server.writer().hasUnsent()) {
                over(false);
                client.close();
                server.channel().close();
            }
        }
        abort(false);
    }

    private void over(boolean pipelineHasFlow) {
        stage = Stage.OVER;
        fromClient.release();
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

    private static void reset(SocketChannel channel) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            channel.close();
        }
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
        event.flowRef(flowRef);
        event.endpoint(this);
        return event;
    }

    SocketChannel client() {
        return client;
    }

    private @Nullable Reader reader(Direction direction) {
        Backend server = backend;
        return direction == Direction.TO_BACKEND ? fromClient : server == null ? null : server.reader();
    }

    private @Nullable Writer writer(Direction direction) {
        Backend server = backend;
        return direction == Direction.TO_CLIENT ? toClient : server == null ? null : server.writer();
    }

    private Reader reader(Direction direction, SocketChannel source) {
        return new Reader(
                this, direction, source, shard.ingress(), spec.settings().bufferBytes());
    }
}

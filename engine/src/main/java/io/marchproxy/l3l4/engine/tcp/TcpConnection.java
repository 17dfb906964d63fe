package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One client connection and the backend connection that serves it.
 *
 * <p>Sockets report through the ring (received, ended, broken); what the stages decide comes back through {@link Endpoint} on
 * the egress thread, and is carried out on the event loop's thread, in the same order. Everything but {@code Endpoint}'s
 * methods runs on the event loop's thread.
 */
final class TcpConnection implements Endpoint, BatchedEgress {
    private final ShardContext shard;
    private final TcpShard relay;
    private final ListenerSpec spec;
    private final Admission admission;
    private final SocketChannel client;
    private final Half toBackend;
    private final Half toClient;
    private @Nullable SocketChannel backend;
    private @Nullable ClientAddress address;
    private volatile long flowRef = PacketDescriptor.NO_FLOW;
    private int dscp;
    private boolean admitted;
    private boolean opened;
    private boolean relaying;
    private boolean flowOver;
    private boolean closing;
    private boolean dirty;

    TcpConnection(ShardContext shard, TcpShard relay, ListenerSpec spec, Admission admission, SocketChannel client) {
        this.shard = shard;
        this.relay = relay;
        this.spec = spec;
        this.admission = admission;
        this.client = client;
        this.toBackend = new Half(Direction.TO_BACKEND, shard.ingress());
        this.toClient = new Half(Direction.TO_CLIENT, shard.ingress());
    }

    // --- what sockets report -------------------------------------------------------------------------------------

    /** The client's address is known: asks the stages for a backend. */
    void open(ClientAddress client, @Nullable DropReason refusal) {
        if (closing || opened) {
            return;
        }
        opened = true;
        address = client;
        DropReason reason = refusal == null
                ? admission.request(
                        client.source().getAddress(), shard.ingress().nowNs())
                : refusal;
        admitted = reason == null;
        PacketDescriptor event = claim(EventKind.OPEN, Direction.TO_BACKEND);
        client.describe(event);
        event.listener(spec.listener());
        event.argument0(reason == null ? 0 : reason.ordinal() + 1L);
        publish();
    }

    void received(Direction direction, ByteBuf bytes) {
        if (flowOver || !bytes.isReadable()) {
            bytes.release();
        } else if (relaying) {
            PacketDescriptor event = claim(EventKind.DATA, direction);
            event.lengthBytes(bytes.readableBytes());
            event.payload(bytes);
            publish();
        } else {
            half(direction).early(bytes);
        }
    }

    void settle() {
        shard.ingress().settle();
    }

    /** The sender of a direction has sent its FIN. */
    void ended(Direction direction) {
        if (flowOver) {
            return;
        }
        half(direction).ended();
        if (relaying) {
            claim(EventKind.FIN, direction);
            publish();
            settle();
        }
    }

    /** The sender of a direction is gone with an error. */
    void broken(Direction direction) {
        if (flowOver || closing) {
            closeBoth(true);
        } else if (flowRef == PacketDescriptor.NO_FLOW && direction == Direction.TO_BACKEND) {
            abandonUnopened();
        } else {
            claim(EventKind.RESET, direction);
            publish();
            settle();
        }
    }

    /** A socket is closed, by whomever. */
    void gone(Direction direction) {
        if (!closing && !flowOver) {
            broken(direction);
        }
        Channel server = backend;
        if (!client.isOpen() && (server == null || !server.isOpen())) {
            finished();
        }
    }

    void writabilityChanged(Direction direction, boolean writable) {
        Channel source = direction == Direction.TO_BACKEND ? client : backend;
        // Asking a socket whose input has ended for more would make Netty close it.
        if (source != null
                && relaying
                && !half(direction).isEnded()
                && source.config().isAutoRead() != writable) {
            source.config().setAutoRead(writable);
            if (!flowOver) {
                claim(EventKind.BACKPRESSURE, direction).argument0(writable ? 0 : 1);
                publish();
                settle();
            }
        }
    }

    // --- what the stages decided: egress thread -------------------------------------------------------------------

    @Override
    public void forward(PacketDescriptor packet) {
        switch (packet.kind()) {
            case OPEN -> {
                flowRef = packet.flowRef();
                shard.egress().bind(packet.flowRef(), this);
                connectTo(packet);
            }
            case CONNECT_FAILED -> connectTo(packet);
            case CONNECTED -> onLoop(this::startRelaying);
            case DATA -> forwardData(packet);
            case FIN -> {
                Direction direction = packet.direction();
                onLoop(() -> halfClose(direction));
            }
            case RESET -> {
                shard.egress().unbind(packet.flowRef());
                onLoop(() -> closeBoth(true));
            }
            default -> {
                // nothing to do on the wire
            }
        }
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        if (packet.takePayload() instanceof ByteBuf bytes) {
            bytes.release();
        }
        if (packet.kind() == EventKind.OPEN || packet.kind() == EventKind.CONNECT_FAILED) {
            if (packet.kind() == EventKind.CONNECT_FAILED) {
                shard.egress().unbind(packet.flowRef());
            }
            onLoop(() -> closeBoth(true));
        }
    }

    @Override
    public void flowEnded(long flow, FlowEnd reason) {
        onLoop(this::closeAfterFlush);
    }

    private void forwardData(PacketDescriptor packet) {
        if (!(packet.takePayload() instanceof ByteBuf bytes)) {
            return;
        }
        int service = packet.service();
        int trafficClass = packet.trafficClass();
        int mark = packet.egressDscp();
        Direction direction = packet.direction();
        shard.egress().books().in(service, trafficClass, direction, 1, bytes.readableBytes());
        shard.egress().books().held(service, trafficClass, direction, 1, bytes.readableBytes());
        if (shard.separateEgress()) {
            onLoop(() -> write(direction, bytes, service, trafficClass, mark));
        } else {
            write(direction, bytes, service, trafficClass, mark);
        }
    }

    private void connectTo(PacketDescriptor packet) {
        BackendTarget target = shard.egress().backend(packet.backend());
        int index = packet.backend();
        long leftNs = packet.argument1();
        onLoop(() -> connect(target, index, leftNs));
    }

    private void onLoop(Runnable action) {
        if (shard.loop().inEventLoop()) {
            action.run();
        } else {
            shard.loop().execute(action);
        }
    }

    // --- carrying it out: event loop's thread --------------------------------------------------------------------

    private void connect(@Nullable BackendTarget target, int index, long leftNs) {
        if (closing) {
            return;
        }
        if (!client.isOpen()) {
            claim(EventKind.RESET, Direction.TO_BACKEND);
            publish();
            settle();
            return;
        }
        if (target == null) {
            connectFailed(index, ConnectFailure.errno(new java.net.NoRouteToHostException()), false);
            return;
        }
        ChannelFuture connecting =
                relay.connect(target.address(), spec.settings(), leftNs, new Reader(this, Direction.TO_CLIENT));
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                connected((SocketChannel) connecting.channel());
            } else {
                connectFailed(index, ConnectFailure.errno(done.cause()), true);
            }
        });
    }

    private void connected(SocketChannel channel) {
        if (closing) {
            channel.close();
            return;
        }
        backend = channel;
        ClientAddress from = address;
        if (from != null) {
            ProxyHeader.send(channel, spec.settings().proxyProtocol().send(), from);
        }
        claim(EventKind.CONNECTED, Direction.TO_BACKEND);
        publish();
        settle();
    }

    private void connectFailed(int index, int errno, boolean tell) {
        if (closing) {
            return;
        }
        relay.connectErrors().increment();
        if (tell) {
            shard.egress().signal(index, errno);
        }
        PacketDescriptor event = claim(EventKind.CONNECT_FAILED, Direction.TO_BACKEND);
        event.backend(index);
        event.argument0(errno);
        publish();
        settle();
    }

    private void startRelaying() {
        Channel server = backend;
        if (closing || server == null) {
            return;
        }
        relaying = true;
        server.flush();
        replayEarly(Direction.TO_BACKEND);
        replayEarly(Direction.TO_CLIENT);
        if (!toBackend.isEnded()) {
            client.config().setAutoRead(true);
        }
        if (!toClient.isEnded()) {
            server.config().setAutoRead(true);
        }
        settle();
    }

    /** What a socket gave before it was asked, with its end or behind its PROXY header. */
    private void replayEarly(Direction direction) {
        Half half = half(direction);
        for (ByteBuf bytes = half.pollEarly(); bytes != null; bytes = half.pollEarly()) {
            received(direction, bytes);
        }
        if (half.isEnded()) {
            ended(direction);
        }
    }

    private void write(Direction direction, ByteBuf bytes, int service, int trafficClass, int mark) {
        Half half = half(direction);
        half.countsAs(service, trafficClass);
        Channel receiver = direction == Direction.TO_BACKEND ? backend : client;
        if (receiver == null || !receiver.isActive()) {
            half.discard(bytes.readableBytes());
            bytes.release();
            return;
        }
        mark(mark);
        half.write(receiver, bytes);
        if (!receiver.isWritable()) {
            writabilityChanged(direction, false);
        }
        markDirty();
    }

    private void markDirty() {
        if (dirty) {
            return;
        }
        dirty = true;
        if (shard.separateEgress()) {
            shard.loop().execute(this::flush);
        } else {
            shard.egress().dirty(this);
        }
    }

    @Override
    public void flush() {
        dirty = false;
        client.flush();
        Channel server = backend;
        if (server != null) {
            server.flush();
        }
    }

    /** Sets the code point of both sockets when it changed; the kernel keeps the ECN bits of TCP to itself. */
    private void mark(int code) {
        if (code != PacketDescriptor.DSCP_UNCHANGED && code != dscp) {
            dscp = code;
            client.config().setOption(ChannelOption.IP_TOS, code << 2);
            Channel server = backend;
            if (server != null) {
                server.config().setOption(ChannelOption.IP_TOS, code << 2);
            }
        }
    }

    /** Passes a FIN on, once every byte before it has been sent. */
    private void halfClose(Direction direction) {
        SocketChannel receiver = direction == Direction.TO_BACKEND ? backend : client;
        Half half = half(direction);
        if (receiver == null || closing || half.isFinForwarded()) {
            return;
        }
        half.finForwarded();
        receiver.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (!written.isSuccess()) {
                return;
            }
            receiver.shutdownOutput().addListener(shut -> {
                half.shut();
                if (toBackend.isShut() && toClient.isShut()) {
                    closeBoth(false);
                }
            });
        });
    }

    /** The pipeline has ended the flow: what was accepted is sent, if the receivers take it now, then both sides are closed. */
    private void closeAfterFlush() {
        flowOver = true;
        flush();
        Channel server = backend;
        boolean stuck = hasUnsent(client) || (server != null && hasUnsent(server));
        closeBoth(stuck);
    }

    private static boolean hasUnsent(Channel channel) {
        var buffer = channel.unsafe().outboundBuffer();
        return buffer != null && buffer.totalPendingWriteBytes() > 0;
    }

    /** Ends both sockets: with a reset that discards what is unsent, or in good order. */
    private void closeBoth(boolean reset) {
        if (closing) {
            return;
        }
        closing = true;
        if (reset) {
            flowOver = true;
        }
        toBackend.releaseEarly();
        toClient.releaseEarly();
        close(client, reset);
        Channel server = backend;
        if (server != null) {
            close(server, reset);
        } else if (!client.isOpen()) {
            finished();
        }
    }

    private static void close(Channel channel, boolean reset) {
        if (channel.isOpen()) {
            if (reset) {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            }
            channel.close();
        }
    }

    private void abandonUnopened() {
        if (!opened) {
            closeBoth(true);
        }
        // Otherwise the OPEN is on its way; its verdict finds the client gone and the connect or relay ends by itself.
    }

    /** Both sockets are closed: tells the pipeline, unless it knows, and gives the place back. */
    private void finished() {
        if (!relay.remove(this)) {
            return;
        }
        if (admitted) {
            admission.release();
        }
        if (!flowOver) {
            flowOver = true;
            if (!shard.separateEgress()) {
                // With a thread of its own the egress keeps the entry until the slot's next flow takes it.
                shard.egress().unbind(flowRef);
            }
            claim(EventKind.CLOSED, Direction.TO_BACKEND);
            publish();
            settle();
        }
    }

    /** Closes at once, whatever is under way; for the end of the service. */
    void abort() {
        closeBoth(true);
    }

    private Half half(Direction direction) {
        return direction == Direction.TO_BACKEND ? toBackend : toClient;
    }

    private PacketDescriptor claim(EventKind kind, Direction direction) {
        PacketDescriptor event = shard.ingress().claim();
        event.reset(kind, shard.ingress().nowNs());
        event.direction(direction);
        event.protocol(6);
        event.service(spec.service());
        event.flowRef(flowRef);
        event.endpoint(this);
        return event;
    }

    private void publish() {
        shard.ingress().publish();
    }
}

package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A service's address on one shard: what clients write to, and where the answers come from.
 *
 * <p>A closed listener's socket stays open until its last session has ended, since answers must come from the address that
 * the client wrote to, and clients of live sessions go on writing to it. New clients are refused: by the pipeline when the
 * service is gone (NO_SERVICE), else here (DRAINING). Should the address get a new listener meanwhile, as when a service is renamed, the old socket only answers.
 */
public final class UdpListener implements Listener, Endpoint, DatagramHandler {
    private final UdpTransport transport;
    private final ListenerSpec spec;
    private final UdpSocket socket;
    private final UdpSessions sessions;
    private final AtomicInteger users = new AtomicInteger(1);
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private volatile ServiceSettings settings;

    UdpListener(UdpTransport transport, ListenerSpec spec, UdpSocket socket, UdpSessions sessions) {
        this.transport = transport;
        this.spec = spec;
        this.socket = socket;
        this.sessions = sessions;
        this.settings = spec.settings();
    }

    @Override
    public InetSocketAddress address() {
        return socket.address();
    }

    @Override
    public void start() {
        transport.start(this);
    }

    @Override
    public void update(ServiceSettings replacement) {
        settings = replacement;
    }

    /** Takes no new clients. Live sessions go on, and keep the socket until the last of them ends. */
    @Override
    public void close() {
        if (isClosed.compareAndSet(false, true)) {
            transport.retire(this);
        }
    }

    boolean isRetired() {
        return isClosed.get();
    }

    /** A client's datagram, towards its backend. */
    @Override
    public void forward(PacketDescriptor packet) {
        sessions.forward(this, packet);
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        sessions.buffers().release(packet.payloadAddress());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        throw new IllegalStateException("flows belong to sessions");
    }

    @Override
    public void describe(Datagram datagram, PacketDescriptor packet) {
        packet.direction(Direction.TO_BACKEND);
        packet.service(spec.service());
        packet.listener(spec.listener());
        packet.sourceHigh(datagram.sourceHigh);
        packet.sourceLow(datagram.sourceLow);
        packet.sourcePort(datagram.sourcePort);
        packet.argument0(datagram.sourceScope);
        packet.destinationHigh(datagram.destinationHigh);
        packet.destinationLow(datagram.destinationLow);
        packet.destinationPort(socket.address().getPort());
        packet.endpoint(this);
    }

    @Override
    public int service() {
        return spec.service();
    }

    @Override
    public int trafficClass() {
        return settings.trafficClass().ordinal();
    }

    @Override
    public boolean fromClients() {
        return true;
    }

    /** Nothing is connected, so the kernel tells of no errors here. */
    @Override
    public void failed(int errno) {}

    int number() {
        return spec.listener();
    }

    UdpSocket socket() {
        return socket;
    }

    /** Counts a session in, so that the socket stays open for its answers; false when it is closed already. */
    boolean retain() {
        int before = users.get();
        while (before > 0) {
            if (users.compareAndSet(before, before + 1)) {
                return true;
            }
            before = users.get();
        }
        return false;
    }

    /** Counts a session out, or the listener itself; the last one closes the socket. */
    void release() {
        if (users.decrementAndGet() == 0) {
            transport.forget(this);
            sessions.closeOnLoop(socket);
        }
    }
}

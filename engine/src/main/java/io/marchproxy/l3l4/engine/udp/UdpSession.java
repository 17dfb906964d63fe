package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.Questions;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;

/**
 * One client's datagrams to one service, and the answers: a socket that is connected to the flow's backend.
 *
 * <p>The egress thread opens, sends and ends; the loop's thread reads from the socket.
 */
final class UdpSession implements Endpoint {
    private final UdpSessions sessions;
    private final UdpListener listener;
    private final long flowRef;
    private final int ipVersion;
    private final long clientHigh;
    private final long clientLow;
    private final int clientPort;
    private final int clientScope;
    private final long localHigh;
    private final long localLow;
    private UdpSocket socket;
    private int backend;

    /** Egress thread. */
    private final Questions questions;

    /** The run of datagrams to the client that the present send has open, and which send that is. Egress thread. */
    int openRun;

    long openRunSend;

    /** The longest datagram to the client that the kernel takes several of at once; 0 when it takes none. Egress thread. */
    int segmentLimit = NativeSendQueue.LONGEST_RUN_BYTES;

    /**
     * A session with its socket.
     *
     * @param first the datagram that it begins with
     */
    UdpSession(UdpSessions sessions, UdpListener listener, PacketDescriptor first, UdpSocket socket) {
        this.sessions = sessions;
        this.listener = listener;
        this.flowRef = first.flowRef();
        this.ipVersion = first.ipVersion();
        this.clientHigh = first.sourceHigh();
        this.clientLow = first.sourceLow();
        this.clientPort = first.sourcePort();
        this.clientScope = (int) first.argument0();
        this.localHigh = first.destinationHigh();
        this.localLow = first.destinationLow();
        this.socket = socket;
        this.backend = first.backend();
        this.questions = new Questions(sessions.egress());
    }

    /** A reply: to the client, through the listener's socket. */
    @Override
    public void forward(PacketDescriptor packet) {
        if (sessions.isClosed()) {
            sessions.queue().refuse(packet, DropReason.DRAINING);
        } else {
            questions.leaves(packet);
            sessions.queue().add(listener.socket(), this, packet);
        }
    }

    /** A datagram goes to the backend. Egress thread. */
    void asks(PacketDescriptor packet) {
        questions.leaves(packet);
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        sessions.buffers().release(packet.payloadAddress());
    }

    @Override
    public void flowEnded(long ended, FlowEnd reason) {
        sessions.end(this, reason);
    }

    int service() {
        return listener.service();
    }

    long flowRef() {
        return flowRef;
    }

    int backend() {
        return backend;
    }

    UdpSocket socket() {
        return socket;
    }

    /** Moves to another backend; answers the socket to the old one. Egress thread. */
    UdpSocket moveTo(int newBackend, UdpSocket newSocket) {
        UdpSocket old = socket;
        questions.forget();
        backend = newBackend;
        socket = newSocket;
        return old;
    }

    /** Lets go of the sockets. Egress thread, once nothing is to be sent through them. */
    void release() {
        sessions.closeOnLoop(socket);
        listener.release();
    }

    /** 4 or 6. */
    int ipVersion() {
        return ipVersion;
    }

    long clientHigh() {
        return clientHigh;
    }

    long clientLow() {
        return clientLow;
    }

    int clientPort() {
        return clientPort;
    }

    /** The interface of a link-local client, or 0. */
    int clientScope() {
        return clientScope;
    }

    /** The address that the client wrote to, first 64 bits. */
    long localHigh() {
        return localHigh;
    }

    long localLow() {
        return localLow;
    }

    /** Hears of what comes in by a socket that is connected to a backend, also while the session has moved on to another. */
    DatagramHandler reader(int connectedTo) {
        return new Reader(connectedTo);
    }

    /** What comes in by one socket. Loop's thread. */
    private final class Reader implements DatagramHandler {
        private final int connectedTo;

        Reader(int connectedTo) {
            this.connectedTo = connectedTo;
        }

        @Override
        public void describe(Datagram datagram, PacketDescriptor packet) {
            packet.direction(Direction.TO_CLIENT);
            packet.service(listener.service());
            packet.listener(listener.number());
            packet.flowRef(flowRef);
            packet.endpoint(UdpSession.this);
        }

        /** Counts an ICMP error, and tells the health monitor and the stages. What it was about was lost on its way: it is not ours to send again. */
        @Override
        public void failed(int errno) {
            if (errno != Errno.EMSGSIZE) {
                sessions.egress().signal(connectedTo, errno);
            }
            UdpCounters.Part counters = sessions.counters().loop();
            counters.increment(
                    switch (errno) {
                        case Errno.ECONNREFUSED -> UdpCounter.ICMP_PORT_UNREACHABLE;
                        case Errno.EHOSTUNREACH -> UdpCounter.ICMP_HOST_UNREACHABLE;
                        case Errno.ENETUNREACH -> UdpCounter.ICMP_NETWORK_UNREACHABLE;
                        case Errno.EMSGSIZE -> UdpCounter.ICMP_TOO_BIG;
                        default -> UdpCounter.ICMP_OTHER;
                    });
            ShardIngress ingress = sessions.ingress();
            PacketDescriptor event = ingress.tryClaim();
            if (event != null) {
                event.reset(EventKind.ICMP_ERROR, ingress.nowNs());
                event.protocol(DatagramReceiver.UDP);
                event.ipVersion(ipVersion);
                event.direction(Direction.TO_BACKEND);
                event.service(listener.service());
                event.listener(listener.number());
                event.flowRef(flowRef);
                event.backend(connectedTo);
                event.argument0(errno);
                ingress.publish();
            }
            ingress.settle();
        }

        @Override
        public int service() {
            return UdpSession.this.service();
        }

        @Override
        public int trafficClass() {
            return listener.trafficClass();
        }

        @Override
        public boolean fromClients() {
            return false;
        }
    }
}

package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.replay.pcap.PacketForge;
import io.marchproxy.l3l4.stages.packet.TcpView;
import java.util.function.Consumer;

/**
 * One flow while packets are made of what was recorded of it: its ends, and for TCP how far its sequence numbers have come, so
 * that a reader who adds them up finds nothing lost and nothing sent twice.
 */
final class FlowTrack {
    /** Room for what waits to be acknowledged: half of the window that the segments claim. */
    private static final int UNACKNOWLEDGED_AT_MOST = 1 << 29;

    private static final int DSCP_SHIFT = 2;
    private static final byte[] NOTHING = {};

    /** A packet, and how many bytes it had. */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared nor changed
    record Made(byte[] bytes, int originalBytes) {}

    private final PacketForge.Ends ends;
    private int nextOfClient;
    private int nextOfServer;
    private int clientUnacknowledged;
    private int serverUnacknowledged;

    /**
     * A flow.
     *
     * @param ends from the client on
     * @param number another one for each flow of the same ends: sequence numbers that begin again would look like old ones
     */
    FlowTrack(PacketForge.Ends ends, long number) {
        this.ends = ends;
        nextOfClient = (int) (number * 0x9e37_79b9L);
        nextOfServer = Integer.rotateLeft(nextOfClient, 16);
    }

    PacketForge.Ends ends(boolean toBackend) {
        return toBackend ? ends : ends.reversed();
    }

    /** The three segments that open a connection. */
    void open(PacketForge forge, int dscp, Consumer<Made> into) {
        control(forge, true, TcpView.SYN, dscp, into);
        nextOfClient++;
        control(forge, false, TcpView.SYN | TcpView.ACK, dscp, into);
        nextOfServer++;
        control(forge, true, TcpView.ACK, dscp, into);
    }

    /** The two segments of a connection that is refused. */
    void refuse(PacketForge forge, int dscp, Consumer<Made> into) {
        control(forge, true, TcpView.SYN, dscp, into);
        nextOfClient++;
        control(forge, false, TcpView.RST | TcpView.ACK, dscp, into);
    }

    /** The end of one half. */
    void finish(PacketForge forge, boolean toBackend, int dscp, Consumer<Made> into) {
        control(forge, toBackend, TcpView.FIN | TcpView.ACK, dscp, into);
        advance(toBackend, 1);
    }

    /** The end of both. */
    void reset(PacketForge forge, boolean toBackend, int dscp, Consumer<Made> into) {
        control(forge, toBackend, TcpView.RST | TcpView.ACK, dscp, into);
    }

    /** A stream's next bytes, in as many segments as they need. */
    void stream(PacketForge forge, boolean toBackend, int dscp, int lengthBytes, Consumer<Made> into) {
        int left = lengthBytes;
        while (left > 0) {
            int segment = Math.min(left, PacketForge.LONGEST_SEGMENT_BYTES);
            left -= segment;
            int flags = TcpView.ACK | (left == 0 ? TcpView.PSH : 0);
            byte[] bytes = forge.tcp(
                    ends(toBackend).withTos(dscp << DSCP_SHIFT),
                    next(toBackend),
                    next(!toBackend),
                    flags,
                    segment,
                    NOTHING);
            acknowledged(!toBackend);
            into.accept(new Made(bytes, bytes.length + segment));
            advance(toBackend, segment);
            if (unacknowledged(toBackend) > UNACKNOWLEDGED_AT_MOST) {
                control(forge, !toBackend, TcpView.ACK, 0, into);
            }
        }
    }

    /** One segment of a flow of whole IP packets, whose other way is another flow. */
    byte[] segment(PacketForge forge, PacketForge.Ends from, int payloadBytes) {
        byte[] bytes = forge.tcp(from, nextOfClient, 0, TcpView.PSH, payloadBytes, NOTHING);
        nextOfClient += payloadBytes;
        return bytes;
    }

    private void control(PacketForge forge, boolean toBackend, int flags, int dscp, Consumer<Made> into) {
        byte[] bytes = forge.tcp(
                ends(toBackend).withTos(dscp << DSCP_SHIFT), next(toBackend), next(!toBackend), flags, 0, NOTHING);
        acknowledged(!toBackend);
        into.accept(new Made(bytes, bytes.length));
    }

    private int next(boolean ofClient) {
        return ofClient ? nextOfClient : nextOfServer;
    }

    private int unacknowledged(boolean ofClient) {
        return ofClient ? clientUnacknowledged : serverUnacknowledged;
    }

    private void acknowledged(boolean ofClient) {
        if (ofClient) {
            clientUnacknowledged = 0;
        } else {
            serverUnacknowledged = 0;
        }
    }

    private void advance(boolean ofClient, int bytes) {
        if (ofClient) {
            nextOfClient += bytes;
            clientUnacknowledged += bytes;
        } else {
            nextOfServer += bytes;
            serverUnacknowledged += bytes;
        }
    }
}

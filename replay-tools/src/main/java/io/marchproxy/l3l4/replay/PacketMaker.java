package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.replay.FlowTrack.Made;
import io.marchproxy.l3l4.replay.pcap.PacketForge;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.packet.UdpView;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the packets of which events tell: an IP packet is itself, a run of datagrams is so many datagrams, and of a stream's
 * bytes, beginning and end, segments are made as a client would have seen them. Knows the flows that live; one session.
 */
final class PacketMaker {
    private static final byte[] NOTHING = {};

    private final PacketForge forge;
    private final Map<Long, FlowTrack> flows = new HashMap<>();
    private long flowsSeen;
    private long ofUnknownFlow;

    PacketMaker(PacketForge forge) {
        this.forge = forge;
    }

    /**
     * Makes the packets of an event.
     *
     * @param flowRef of the flow that the decision put it into
     * @param isNew whether it began that flow
     * @param snaps the first bytes of each of its packets; empty when they were not recorded
     */
    void make(
            PacketDescriptor event,
            long flowRef,
            boolean isNew,
            Verdict verdict,
            List<byte[]> snaps,
            Consumer<Made> into) {
        EventKind kind = event.kind();
        if (isNew || kind == EventKind.OPEN) {
            FlowTrack begun = new FlowTrack(ends(event), ++flowsSeen);
            if (verdict != Verdict.DROP) {
                flows.put(flowRef, begun);
            }
            if (kind == EventKind.OPEN) {
                open(begun, event, verdict, into);
                return;
            }
        }
        if (kind == EventKind.DATA && event.isIpPacket()) {
            into.accept(ipPacket(event, flows.get(flowRef), snaps));
            return;
        }
        if (kind == EventKind.DATA && event.isClientDatagram()) {
            datagrams(ends(event), event, snaps, into);
            return;
        }
        FlowTrack flow = flows.get(flowRef);
        if (flow == null) {
            ofUnknownFlow++;
            return;
        }
        boolean toBackend = event.isToBackend();
        // What a backend's segments came with, nobody knows: the code point is of the client's SYN.
        int dscp = toBackend ? event.ingressDscp() : 0;
        switch (kind) {
            case DATA -> {
                if (event.protocol() == IpPacket.TCP) {
                    flow.stream(forge, toBackend, dscp, event.lengthBytes(), into);
                } else {
                    datagrams(flow.ends(false).withTos(event.ingressTos()), event, snaps, into);
                }
            }
            case FIN -> flow.finish(forge, toBackend, dscp, into);
            case RESET -> flow.reset(forge, toBackend, dscp, into);
            default -> throw new IllegalArgumentException("an event " + kind + " is no packet");
        }
    }

    private void open(FlowTrack flow, PacketDescriptor event, Verdict verdict, Consumer<Made> into) {
        if (verdict == Verdict.DROP) {
            flow.refuse(forge, event.ingressDscp(), into);
        } else {
            flow.open(forge, event.ingressDscp(), into);
        }
    }

    /** Writes the addresses and ports of an event's flow, as its client's packets have them, into a descriptor. */
    void describe(PacketDescriptor event, long flowRef, PacketDescriptor into) {
        FlowTrack flow = flows.get(flowRef);
        PacketForge.Ends ends = flow == null ? ends(event) : flow.ends(true);
        into.reset(event.kind(), event.arrivalNs());
        into.protocol(ends.protocol());
        into.ipVersion(ends.ipVersion());
        into.sourceHigh(ends.sourceHigh());
        into.sourceLow(ends.sourceLow());
        into.sourcePort(ends.sourcePort());
        into.destinationHigh(ends.destinationHigh());
        into.destinationLow(ends.destinationLow());
        into.destinationPort(ends.destinationPort());
    }

    /** Whether an event is one that packets are made of. */
    static boolean isPacket(EventKind kind) {
        return switch (kind) {
            case DATA, OPEN, FIN, RESET -> true;
            default -> false;
        };
    }

    /** A flow has ended. */
    void ended(long flowRef) {
        flows.remove(flowRef);
    }

    private void datagrams(PacketForge.Ends ends, PacketDescriptor event, List<byte[]> snaps, Consumer<Made> into) {
        int left = event.lengthBytes();
        for (int i = 0; i < event.packets(); i++) {
            int length = event.packets() == 1 ? left : Math.min(left, event.segmentBytes());
            byte[] bytes = forge.udp(ends, length, i < snaps.size() ? snaps.get(i) : NOTHING);
            int headers = PacketForge.ipHeaderBytes(ends.ipVersion()) + UdpView.HEADER_BYTES;
            into.accept(new Made(bytes, headers + length));
            left -= length;
        }
    }

    private Made ipPacket(PacketDescriptor event, @Nullable FlowTrack flow, List<byte[]> snaps) {
        int length = event.lengthBytes();
        if (!snaps.isEmpty()) {
            return new Made(snaps.getFirst(), length);
        }
        if (event.isMalformed()) {
            return new Made(NOTHING, length);
        }
        PacketForge.Ends ends = ends(event);
        int content = length - PacketForge.ipHeaderBytes(ends.ipVersion());
        boolean hasPorts = (event.sourcePort() | event.destinationPort()) != 0;
        byte[] bytes = switch (ends.protocol()) {
            case IpPacket.UDP ->
                hasPorts ? forge.udp(ends, content - UdpView.HEADER_BYTES, NOTHING) : forge.fragment(ends, content);
            case IpPacket.TCP -> hasPorts ? segment(ends, content, flow) : forge.fragment(ends, content);
            default -> forge.ip(ends, content);
        };
        return new Made(bytes, length);
    }

    /** A segment of a flow that is not known, since it found no room, is numbered as any is that begins one. */
    private byte[] segment(PacketForge.Ends ends, int content, @Nullable FlowTrack known) {
        FlowTrack flow = known == null ? new FlowTrack(ends, ++flowsSeen) : known;
        return flow.segment(forge, ends, content - TcpView.LEAST_HEADER_BYTES);
    }

    private static PacketForge.Ends ends(PacketDescriptor event) {
        return new PacketForge.Ends(
                event.ipVersion(),
                event.protocol(),
                event.sourceHigh(),
                event.sourceLow(),
                event.sourcePort(),
                event.destinationHigh(),
                event.destinationLow(),
                event.destinationPort(),
                event.ingressTos());
    }

    /** Events of flows whose begin is not in the journal. */
    long ofUnknownFlow() {
        return ofUnknownFlow;
    }
}

package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.HoldingStage;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A pipeline on the bench: events go in by hand, what comes out is written down as text, and after every event the books
 * must balance and every descriptor must have come out exactly once.
 */
final class Bench implements PipelineOutput, Journal {
    static final int WHOLE_CAPACITY = 64;

    final FlowTable flows;
    final Pipeline pipeline;
    final PacketDescriptor event = TestPackets.descriptor();
    private final List<String> out = new ArrayList<>();
    private final List<String> journal = new ArrayList<>();
    private int arrived;
    private int decided;
    private long nowNs;
    private long entered;
    private long concluded;
    private long waiting;
    private long waitingPackets;
    private final Set<Long> begun = new HashSet<>();

    /** By flow and direction, the number that the last packet carried in its argument 0. */
    private final Map<Long, Long> lastLeft = new HashMap<>();

    Bench(PipelineSettings settings) {
        this(settings, new TestFlowTable(WHOLE_CAPACITY));
    }

    private Bench(PipelineSettings settings, FlowTable flows) {
        this(settings, new ShapeStage(settings.shape(), flows), flows);
    }

    Bench(PipelineSettings settings, HoldingStage shape, FlowTable flows) {
        this.flows = flows;
        this.pipeline = new Pipeline(settings, flows, this, this, shape);
    }

    /** Lets time go on by some nanoseconds, for the events that follow. */
    Bench after(long ns) {
        nowNs += ns;
        return this;
    }

    Bench at(long ns) {
        nowNs = ns;
        return this;
    }

    long nowNs() {
        return nowNs;
    }

    /** Begins an event in {@link #event}. */
    PacketDescriptor make(EventKind kind, int service) {
        event.reset(kind, nowNs);
        event.service(service);
        return event;
    }

    /** A datagram from client 10.0.0.1 and a port. */
    PacketDescriptor datagram(int service, int port, int bytes) {
        make(EventKind.DATA, service);
        fromClient(TestSettings.UDP, port);
        event.lengthBytes(bytes);
        return event;
    }

    /** A connection of client 10.0.0.1 from a port. */
    PacketDescriptor open(int service, int port) {
        make(EventKind.OPEN, service);
        fromClient(TestSettings.TCP, port);
        return event;
    }

    /** An event of a flow that is there. */
    PacketDescriptor of(EventKind kind, long flowRef, Direction direction) {
        make(kind, 0);
        event.flowRef(flowRef);
        event.direction(direction);
        long entry = flows.entry(flowRef);
        if (entry != 0) {
            event.protocol(FlowEntry.protocol(entry));
        }
        return event;
    }

    private void fromClient(int protocol, int port) {
        event.protocol(protocol);
        event.ipVersion(4);
        event.direction(Direction.TO_BACKEND);
        event.sourceLow(TestPackets.ipv4(10, 0, 0, 1));
        event.sourcePort(port);
        event.destinationLow(TestPackets.ipv4(127, 0, 0, 1));
        event.destinationPort(8080);
    }

    /** Hands the event in; gives what came out of it, and of what was due before it, in order. */
    List<String> send() {
        int before = out.size();
        entered++;
        pipeline.handle(event);
        assertBalance();
        return List.copyOf(out.subList(before, out.size()));
    }

    /** Hands the event in, and gives the one thing that came out. */
    String sendOne() {
        List<String> lines = send();
        assertEquals(1, lines.size(), lines.toString());
        return lines.getFirst();
    }

    List<String> advanceTo(long ns) {
        int before = out.size();
        nowNs = ns;
        pipeline.advanceTo(ns);
        assertBalance();
        return List.copyOf(out.subList(before, out.size()));
    }

    /** The flow of the last packet. */
    long flowRef() {
        return event.flowRef();
    }

    List<String> out() {
        return out;
    }

    List<String> journal() {
        return journal;
    }

    /** In + moved = out + dropped + held, in each service, class and direction; and no event concluded twice or not at all. */
    void assertBalance() {
        TrafficBooks books = pipeline.books();
        long held = 0;
        for (int service = 0; service < books.services(); service++) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    long droppedPackets = 0;
                    long droppedBytes = 0;
                    for (DropReason reason : DropReason.values()) {
                        droppedPackets += books.droppedPackets(service, trafficClass, direction, reason);
                        droppedBytes += books.droppedBytes(service, trafficClass, direction, reason);
                    }
                    assertEquals(
                            books.inPackets(service, trafficClass, direction)
                                    + books.movedPackets(service, trafficClass, direction),
                            books.outPackets(service, trafficClass, direction)
                                    + droppedPackets
                                    + books.heldPackets(service, trafficClass, direction),
                            "packets of service " + service + " class " + trafficClass + " " + direction);
                    assertEquals(
                            books.inBytes(service, trafficClass, direction)
                                    + books.movedBytes(service, trafficClass, direction),
                            books.outBytes(service, trafficClass, direction)
                                    + droppedBytes
                                    + books.heldBytes(service, trafficClass, direction),
                            "bytes of service " + service + " class " + trafficClass + " " + direction);
                    held += books.heldPackets(service, trafficClass, direction);
                }
            }
        }
        assertEquals(waitingPackets, held, "held packets are those that have not come out");
        assertEquals(entered, concluded + waiting, "every event comes out once");
    }

    @Override
    public void arrived(PacketDescriptor event) {
        assertEquals(Verdict.CONTINUE, Verdict.in(event), "nothing was decided about it yet");
        arrived++;
    }

    @Override
    public void handled(PacketDescriptor packet, Verdict verdict) {
        assertEquals(verdict, Verdict.in(packet));
        if (verdict == Verdict.HOLD || (packet.flags() & DescriptorFlags.WAS_HELD) == 0) {
            assertEquals(arrived, ++decided, "what arrived is decided about before the next arrives");
        }
        int packets = packet.kind() == EventKind.DATA ? packet.packets() : 0;
        if (verdict == Verdict.HOLD) {
            waiting++;
            waitingPackets += packets;
        } else {
            concluded++;
            boolean waited = (packet.flags() & DescriptorFlags.WAS_HELD) != 0;
            waiting -= waited ? 1 : 0;
            waitingPackets -= waited ? packets : 0;
        }
        String reason = verdict == Verdict.DROP ? " " + DropReason.in(packet) : "";
        journal.add(verdict + reason + " " + packet.kind() + " at " + packet.releaseNs());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long endNs) {
        journal.add("END " + reason + " at " + endNs);
        if (flows.entry(flowRef) == 0) {
            throw new AssertionError("the journal is told while the flow can still be read");
        }
    }

    @Override
    public void forward(PacketDescriptor packet) {
        checkOrder(packet);
        out.add("forward " + text(packet));
    }

    /** Bytes and ends of a flow's direction leave in the order in which they came, and its first packet leaves first. */
    private void checkOrder(PacketDescriptor packet) {
        boolean begins = (packet.flags() & DescriptorFlags.NEW_FLOW) != 0;
        if (begins) {
            begun.add(packet.flowRef());
        } else if (packet.kind() == EventKind.DATA && packet.direction() == Direction.TO_BACKEND) {
            assertTrue(begun.contains(packet.flowRef()), "the first packet of a flow leaves first");
        }
        if (packet.kind() == EventKind.DATA || packet.kind() == EventKind.FIN) {
            Long before = lastLeft.put(packet.flowRef() * 2 + packet.direction().ordinal(), packet.argument0());
            assertTrue(before == null || before <= packet.argument0(), "a packet has overtaken another of its flow");
        }
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        assertEquals(reason, DropReason.in(packet));
        if (reason == DropReason.QUEUE_DELAY) {
            // Its flow goes on all the same.
            begun.add(packet.flowRef());
        }
        out.add("drop " + reason + " " + text(packet));
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        assertEquals(0, flows.entry(flowRef));
        out.add("end " + reason + " " + Long.toHexString(flowRef));
    }

    static String text(PacketDescriptor packet) {
        StringBuilder text = new StringBuilder(packet.kind().name());
        text.append(packet.direction() == Direction.TO_BACKEND ? " ▶" : " ◀");
        text.append(" P").append(packet.trafficClass());
        if (packet.egressDscp() != PacketDescriptor.DSCP_UNCHANGED) {
            text.append(" dscp ").append(packet.egressDscp());
        }
        if (packet.backend() != PacketDescriptor.NO_BACKEND) {
            text.append(" backend ").append(packet.backend());
        }
        if (packet.rule() != 0) {
            text.append(" rule ").append(packet.rule());
        }
        if ((packet.flags() & DescriptorFlags.NEW_FLOW) != 0) {
            text.append(" new");
        }
        if ((packet.flags() & DescriptorFlags.REROUTED) != 0) {
            text.append(" rerouted");
        }
        if ((packet.flags() & DescriptorFlags.WAS_HELD) != 0) {
            text.append(" released ").append(packet.releaseNs());
        }
        if (packet.lengthBytes() != 0) {
            text.append(" ").append(packet.lengthBytes()).append(" B");
        }
        return text.toString();
    }
}

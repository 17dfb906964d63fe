package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Has what waits in one direction be in the queues that it would be in if it came now, when settings have changed by which that is
 * another. Packets of a flow keep their order, nothing is dropped, and a queue may be longer than it would have become. What stays where
 * it is keeps its turns, its debts and what CoDel remembers; a queue that is begun has none of it. It costs O(n) where n packets wait, and
 * nothing afterwards.
 *
 * <p>Everybody has turns then: who was at a ceiling has just been told to look again.
 */
final class Moves extends SingleWriter {
    private final HeldPackets packets;
    private final FlowTable flows;
    private final ClientQueues queues;
    private final Schedule schedule;
    private final WaitingFlows waiting;

    Moves(HeldPackets packets, FlowTable flows, ClientQueues queues, Schedule schedule, WaitingFlows waiting) {
        this.packets = packets;
        this.flows = flows;
        this.queues = queues;
        this.schedule = schedule;
        this.waiting = waiting;
    }

    /**
     * Clients or connections of some services have ceilings that had none, or none any more, or a service has its limits with others, or
     * by itself again: all that waits of them is queued anew.
     *
     * @param others those services, as they were
     * @param services as they are
     */
    void queueAnew(Collection<ServiceNode> others, ServiceNode[] services, long nowNs) {
        for (ServiceNode before : others) {
            for (int i = 0; i < Schedule.CLASSES; i++) {
                Leaf leaf = before.findLeaf(i);
                if (leaf != null) {
                    putBack(queues.take(leaf, packet -> true), services, nowNs);
                    settle(leaf);
                }
            }
        }
    }

    /** Other rules decide of which class a packet is: what is of another one by them goes there, behind what waits of it already. */
    void classifyAnew(Reclassifier classes, ServiceNode[] services, long nowNs) {
        List<Leaf> leaves = new ArrayList<>();
        List<ClientQueues.Moved> moved = new ArrayList<>();
        for (int number = 0; number < services.length; number++) {
            for (int i = 0; i < Schedule.CLASSES; i++) {
                Leaf leaf = services[number].number == number ? services[number].findLeaf(i) : null;
                if (leaf != null) {
                    leaves.add(leaf);
                    moved.addAll(queues.take(leaf, packet -> isOfAnother(packet, classes)));
                }
            }
        }
        putBack(moved, services, nowNs);
        leaves.forEach(this::settle);
    }

    private boolean isOfAnother(PacketDescriptor packet, Reclassifier classes) {
        int before = packet.trafficClass();
        classes.classify(packet);
        if (flows.entry(packet.flowRef()) != 0) {
            waiting.add(packet.flowRef(), packet.trafficClass());
        }
        return packet.trafficClass() != before;
    }

    private void putBack(List<ClientQueues.Moved> moved, ServiceNode[] services, long nowNs) {
        for (ClientQueues.Moved one : moved) {
            PacketDescriptor packet = packets.at(one.slot());
            Leaf leaf = services[packet.service()].leaf(schedule.trafficClass(packet.trafficClass()));
            queues.putBack(one, leaf, nowNs);
            schedule.blocked().arrived(leaf);
        }
    }

    /** Only now, since what came into a leaf takes over the turn of what left it. */
    private void settle(Leaf leaf) {
        if (leaf.isEmpty()) {
            schedule.blocked().emptied(leaf);
        }
    }
}

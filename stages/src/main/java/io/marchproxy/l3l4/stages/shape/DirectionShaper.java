package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One direction's shaper: what may leave at once, what waits, and in what order it came. {@link Schedule} says who of those that wait
 * leaves next and when.
 *
 * <p>Everything happens at times that follow from arrivals and settings. A packet that has to wait has the next departure decided
 * anew; so has each departure, each time at which a limit lets go on, and new settings. Nothing else does, and so a loop that
 * wakes late decides as one that wakes in time.
 */
final class DirectionShaper extends SingleWriter {
    private final HeldPackets packets;
    private final FlowTable flows;
    private final ClientQueues queues;
    private final EachCeilings each;
    private final Schedule schedule;
    private final TokenBucket link;
    private final WaitingFlows waiting = new WaitingFlows();
    private final Moves moves;
    private final Services services = new Services();
    private CodelSettings codel = CodelSettings.OFF;
    private int held;

    /** What the packet that {@link #next} lent costs. */
    private int leavingBytes;

    DirectionShaper(HeldPackets packets, FlowTable flows) {
        this.packets = packets;
        this.flows = flows;
        this.schedule = new Schedule(packets);
        this.each = new EachCeilings(flows);
        this.queues = new ClientQueues(packets, each, flows);
        this.moves = new Moves(packets, flows, queues, schedule, waiting);
        this.link = schedule.link().ceiling;
    }

    /** Every packet that waits is classified anew ({@link #apply}). */
    void forgetClasses() {
        waiting.clear();
    }

    /**
     * Takes over a snapshot.
     *
     * @param classes asked about each packet that waits; null when each stays in its class
     */
    void apply(ShapeSettings settings, boolean toClient, @Nullable Reclassifier classes, long nowNs) {
        int shards = settings.shards();
        codel = settings.codel();
        schedule.link().set(RateLimit.NONE, settings.link(), shards, nowNs);
        for (int i = 0; i < Schedule.CLASSES; i++) {
            ClassNode one = schedule.trafficClass(i);
            ClassLimits limits = settings.classes().get(i);
            one.boundPackets = limits.queuePackets();
            one.quantum = (long) Schedule.QUANTUM * limits.weight();
            one.limits.set(limits.guarantee(), limits.ceiling(), shards, nowNs);
        }
        Set<ServiceNode> others = services.apply(settings, toClient, nowNs);
        each.apply(settings, services.all(), nowNs);
        schedule.everybodyGoesOn(services.all());
        moves.queueAnew(others, services.all(), nowNs);
        if (classes != null && held != 0) {
            moves.classifyAnew(classes, services.all(), nowNs);
        }
        queues.tidyDebts();
        each.applied(nowNs);
        plan(nowNs);
    }

    /** Takes over this shard's share of the limits of the link, a class or a service. */
    void share(ShareOf of, int which, int share, long nowNs) {
        switch (of) {
            case LINK -> schedule.link().share(share, nowNs);
            case CLASS -> {
                schedule.trafficClass(which).limits.share(share, nowNs);
                schedule.lookAgain(schedule.trafficClass(which));
            }
            case SERVICE -> {
                services.get(which).limits.share(share, nowNs);
                schedule.lookAgain(services.get(which));
            }
            case POLICER -> throw new IllegalArgumentException("nothing waits for a policer");
        }
        plan(nowNs);
    }

    /** Packets that wait, and ends of streams. */
    int held() {
        return held;
    }

    /** Datagrams of a class that wait. */
    int heldDatagrams(int trafficClass) {
        return schedule.trafficClass(trafficClass).heldDatagrams;
    }

    /** The class in which the last packet of a flow waits; negative when none does. */
    int waitingClass(long flowRef) {
        return held == 0 ? WaitingFlows.NOTHING : waiting.trafficClass(flowRef);
    }

    /** When the next packet leaves, or who leaves next is to be looked at again; {@code Long.MAX_VALUE} while nothing waits. */
    long dueNs() {
        return schedule.dueNs();
    }

    /** Lets a packet or the end of a stream pass at once, or takes it in. */
    Verdict process(PacketDescriptor packet, long nowNs) {
        ServiceNode service = services.get(packet.service());
        ClassNode trafficClass = schedule.trafficClass(packet.trafficClass());
        if (each.isAny()) {
            each.ask(packet, service, nowNs);
        }
        if (packet.isData() && passes(packet, service, trafficClass, nowNs)) {
            return Verdict.CONTINUE;
        }
        Leaf leaf = service.leaf(trafficClass);
        long entry = flows.entry(packet.flowRef());
        long clientHigh = Memory.getLong(entry + FlowLayout.CLIENT_HIGH);
        long clientLow = Memory.getLong(entry + FlowLayout.CLIENT_LOW);
        ClientQueue queue = service.held == 0 ? null : queues.find(leaf, clientHigh, clientLow, packet);
        if (!packet.isData() && queue == null) {
            return Verdict.CONTINUE;
        }
        int datagrams = ClientQueue.datagrams(packet);
        if (datagrams > 0) {
            ClientNode client = queue == null ? queues.findClient(leaf, clientHigh, clientLow) : queue.client();
            if (!leaf.hasRoom(client, queue, datagrams)) {
                return DropReason.QUEUE_FULL.drop(packet);
            }
        }
        if (queue == null) {
            queue = queues.add(leaf, clientHigh, clientLow, packet);
        }
        hold(packet, leaf, queue);
        plan(nowNs);
        return Verdict.HOLD;
    }

    /**
     * Whether nobody waits for what the packet would use, nor another of its flow for anything, and all limits have it; then it
     * has paid.
     */
    private boolean passes(PacketDescriptor packet, ServiceNode service, ClassNode trafficClass, long nowNs) {
        int bytes = packet.lengthBytes();
        if (held != 0
                && (schedule.isWanted(service, trafficClass)
                        || waiting.trafficClass(packet.flowRef()) != WaitingFlows.NOTHING)) {
            return false;
        }
        if (!service.ceiling.admits(bytes, nowNs)
                || !trafficClass.ceiling.admits(bytes, nowNs)
                || !link.admits(bytes, nowNs)
                || (each.isAny() && !each.admit(bytes, nowNs))) {
            return false;
        }
        each.take(bytes);
        if (schedule.pay(service, trafficClass, bytes, nowNs)) {
            packet.flags(packet.flags() | DescriptorFlags.BORROWED);
        }
        return true;
    }

    private void hold(PacketDescriptor packet, Leaf leaf, ClientQueue queue) {
        packet.flags(packet.flags() | DescriptorFlags.WAS_HELD);
        waiting.add(packet.flowRef(), packet.trafficClass());
        count(leaf, packet, 1);
        queue.count(packet, 1);
        queue.append(packets.add(packet), packets);
        schedule.blocked().arrived(leaf);
    }

    private void count(Leaf leaf, PacketDescriptor packet, int sign) {
        held += sign;
        leaf.count(packet, sign);
    }

    /**
     * What leaves at {@link #dueNs}, with its release time set, or with a drop as its verdict; or null, when that time has only
     * changed who waits for what.
     */
    @Nullable
    PacketDescriptor next(long nowNs) {
        if (schedule.leaving() == null) {
            plan(nowNs);
        }
        ClientQueue queue = schedule.leaving();
        if (queue == null) {
            return null;
        }
        PacketDescriptor packet = packets.at(queue.head());
        packet.releaseNs(nowNs);
        // What outlived its flow goes nowhere, and costs nothing. Asked before it leaves, since that may end the flow.
        boolean isGone = flows.entry(packet.flowRef()) == 0;
        boolean isDropped =
                !isGone && codel.isOn() && ClientQueue.datagrams(packet) > 0 && waitedTooLong(packet, queue, nowNs);
        leavingBytes = isGone || isDropped ? 0 : packet.lengthBytes();
        if (leavingBytes != 0 && packet.isData() && schedule.borrows(queue.leaf())) {
            packet.flags(packet.flags() | DescriptorFlags.BORROWED);
        }
        return packet;
    }

    /** Marks a packet, if its queue is to be made shorter and its ends use ECN, or drops it if they don't (RFC 3168, 5). */
    private boolean waitedTooLong(PacketDescriptor packet, ClientQueue queue, long nowNs) {
        long waitedNs = nowNs - packet.arrivalNs();
        if (!queue.codel.isDue(nowNs, waitedNs, queue.bytes - packet.lengthBytes(), codel)) {
            return false;
        }
        if (packet.ingressEcn() != Ecn.NOT_CAPABLE) {
            packet.flags(packet.flags() | DescriptorFlags.CE_MARKED);
            return false;
        }
        // Its flow has begun, and goes on with what waits behind it.
        packet.flags(packet.flags() & ~DescriptorFlags.NEW_FLOW);
        DropReason.QUEUE_DELAY.drop(packet).writeTo(packet);
        return true;
    }

    /** Takes out what {@link #next} lent, and decides what is next. */
    void released(long nowNs) {
        ClientQueue queue = Objects.requireNonNull(schedule.leaving());
        Leaf leaf = queue.leaf();
        PacketDescriptor packet = packets.at(queue.head());
        if (packet.isData()) {
            schedule.pay(leaf, queue, leavingBytes);
        }
        waiting.remove(packet.flowRef());
        count(leaf, packet, -1);
        queue.count(packet, -1);
        queue.removeHead(packets);
        if (queue.isEmpty()) {
            queues.emptied(queue);
            if (leaf.isEmpty()) {
                schedule.blocked().emptied(leaf);
            }
            plan(nowNs);
        } else if (packets.at(queue.head()).isData()) {
            plan(nowNs);
        } else {
            schedule.plan(queue, nowNs);
        }
    }

    /** Writes everything that later decisions depend on: what was earned, what waits, and who is next. */
    void save(StateWriter to) {
        each.save(to);
        to.number(queues.lastNumber());
        ServiceNode[] all = services.all();
        to.number(all.length);
        for (int number = 0; number < all.length; number++) {
            ServiceNode service = all[number];
            to.number(service.number);
            if (service.number == number) {
                service.limits.save(to);
                for (int i = 0; i < Schedule.CLASSES; i++) {
                    Leaf.save(service.findLeaf(i), packets, to);
                }
            }
        }
        schedule.blocked().save(to);
        queues.saveDebts(to);
        schedule.save(all, to);
    }

    /** Takes over what was saved. */
    void restore(StateReader from) {
        each.restore(services.all(), from);
        queues.lastNumber(from.number());
        int known = services.restore(from);
        for (int number = 0; number < known; number++) {
            if (services.restore(number, from)) {
                ServiceNode service = services.get(number);
                service.limits.restore(from);
                for (int i = 0; i < Schedule.CLASSES; i++) {
                    if (from.number(0, 1) != 0) {
                        restore(service.leaf(schedule.trafficClass(i)), from);
                    }
                }
            }
        }
        for (int left = from.number(0, Integer.MAX_VALUE); left > 0; left--) {
            Leaf leaf = leaf(from);
            long untilNs = from.number();
            schedule.blocked().restore(restoreClient(leaf, from), untilNs);
        }
        for (int left = from.number(0, Integer.MAX_VALUE); left > 0; left--) {
            Leaf leaf = leaf(from);
            long untilNs = from.number();
            schedule.blocked().restore(restoreQueue(queues.restoreClient(leaf, from), from), untilNs);
        }
        for (int left = from.number(0, Integer.MAX_VALUE); left > 0; left--) {
            queues.restoreDebtOfClient(leaf(from), from);
        }
        for (int left = from.number(0, Integer.MAX_VALUE); left > 0; left--) {
            queues.restoreDebtOfQueue(leaf(from), from);
        }
        schedule.restore(services.all(), from);
    }

    private Leaf leaf(StateReader from) {
        ServiceNode service = services.get(from.number(0, services.all().length - 1));
        return service.leaf(schedule.trafficClass(from.number(0, Schedule.CLASSES - 1)));
    }

    private void restore(Leaf leaf, StateReader from) {
        leaf.restoreTurn(from);
        leaf.turns.restore(from);
        for (int clients = from.number(0, Integer.MAX_VALUE); clients > 0; clients--) {
            leaf.turns.restore(restoreClient(leaf, from));
        }
    }

    private ClientNode restoreClient(Leaf leaf, StateReader from) {
        ClientNode client = queues.restoreClient(leaf, from);
        for (int left = from.number(1, Integer.MAX_VALUE); left > 0; left--) {
            client.turns.restore(restoreQueue(client, from));
        }
        return client;
    }

    private ClientQueue restoreQueue(ClientNode client, StateReader from) {
        ClientQueue queue = queues.restoreQueue(client, from);
        for (int left = from.number(1, Integer.MAX_VALUE); left > 0; left--) {
            int slot = packets.restore(from);
            PacketDescriptor packet = packets.at(slot);
            if (flows.entry(packet.flowRef()) != 0) {
                waiting.add(packet.flowRef(), packet.trafficClass());
            }
            count(client.leaf(), packet, 1);
            queue.count(packet, 1);
            queue.append(slot, packets);
        }
        return queue;
    }

    private void plan(long nowNs) {
        if (held == 0) {
            schedule.idle();
        } else {
            schedule.plan(nowNs);
        }
    }
}

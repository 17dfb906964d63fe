package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One direction's shaper: what may leave at once, what waits, and what of it leaves next and when.
 *
 * <p>Three limits hold for each packet together: of the link, of its service, of its class. The order is P0 first, the other classes
 * by deficit round robin (Shreedhar, Varghese, "Efficient Fair Queuing Using Deficit Round Robin", 1996), within a class the
 * services that have something waiting, by the same, and of a service's class (a {@link Leaf}) its clients, by the same.
 * The round robin is the variant that lets a turn end in debt, as Linux's fq_codel does: the size of the next packet plays no part in whose turn
 * it is.
 *
 * <p>A service at its ceiling leaves the rings until it has tokens, so a turn is never spent on one that can't send: a packet
 * costs a few looks, O(log s) when its service waits for its ceiling among s others that do, and at the most its length / {@link #QUANTUM}
 * further turns.
 *
 * <p>Everything happens at times that follow from arrivals and settings. A packet that has to wait has the next departure decided
 * anew; so has each departure, each time at which a limit lets go on, and new settings. Nothing else does, and so a loop that
 * wakes late decides as one that wakes in time.
 */
final class DirectionShaper extends SingleWriter {
    static final int CLASSES = 4;

    /** What a turn brings, in bytes: an Ethernet frame. */
    static final int QUANTUM = 1_514;

    /**
     * A client may hold up to so many times what is left of its class's bound (Choudhury, Hahne, "Dynamic Queue Length Thresholds
     * for Shared-Memory Packet Switches", 1998): eight ninths of it alone, and among others an even part, whoever came first.
     */
    private static final long SHARE_OF_ROOM = 8;

    private final HeldPackets packets;
    private final FlowTable flows;
    private final ClientQueues queues = new ClientQueues();
    private final ReadyServices waiting = new ReadyServices();
    private final TokenBucket link = new TokenBucket();
    private final ClassNode[] classes = new ClassNode[CLASSES];
    private final @Nullable Leaf[] candidates = new @Nullable Leaf[CLASSES];
    private ServiceNode[] services = {};
    private int held;

    /** The class below P0 whose turn it is. */
    private int turn = 1;

    /** What leaves at {@link #dueNs}; null when then it is only to be looked again. */
    private @Nullable ClientQueue leaving;

    /** What the packet that {@link #next} lent costs. */
    private int leavingBytes;

    /** The queue whose head is the end of a stream whose last bytes have just left. */
    private @Nullable ClientQueue ending;

    private long dueNs = Long.MAX_VALUE;

    DirectionShaper(HeldPackets packets, FlowTable flows) {
        this.packets = packets;
        this.flows = flows;
        Arrays.setAll(classes, ClassNode::new);
    }

    /** Takes over a snapshot. */
    void apply(ShapeSettings settings, boolean toClient, long nowNs) {
        set(link, settings.link(), settings, nowNs);
        for (ClassNode one : classes) {
            ClassLimits limits = settings.classes().get(one.number);
            one.boundPackets = limits.queuePackets();
            set(one.ceiling, limits.ceiling(), settings, nowNs);
        }
        int known = settings.services().size();
        if (known > 0) {
            service(known - 1);
        }
        for (ServiceNode one : services) {
            ServiceLimits limits = one.number < known ? settings.services().get(one.number) : ServiceLimits.NONE;
            set(one.ceiling, toClient ? limits.toClient() : limits.toBackend(), settings, nowNs);
        }
        while (!waiting.isEmpty()) {
            goOn(waiting.removeFirst());
        }
        plan(nowNs);
    }

    private static void set(TokenBucket bucket, RateLimit whole, ShapeSettings settings, long nowNs) {
        RateLimit limit = whole.among(settings.shards());
        bucket.set(limit.bitsPerSecond(), limit.burstBytes(), nowNs);
    }

    /** Packets that wait, and ends of streams. */
    int held() {
        return held;
    }

    /** Datagrams of a class that wait. */
    int heldDatagrams(int trafficClass) {
        return classes[trafficClass].heldDatagrams;
    }

    /** When the next packet leaves, or who leaves next is to be looked at again; {@code Long.MAX_VALUE} while nothing waits. */
    long dueNs() {
        return dueNs;
    }

    /** Lets a packet or the end of a stream pass at once, or takes it in. */
    Verdict process(PacketDescriptor packet, long nowNs) {
        ServiceNode service = service(packet.service());
        ClassNode trafficClass = classes[packet.trafficClass()];
        if (packet.isData() && passes(service, trafficClass, packet.lengthBytes(), nowNs)) {
            return Verdict.CONTINUE;
        }
        Leaf leaf = service.leaf(trafficClass);
        long entry = flows.entry(packet.flowRef());
        long clientHigh = Memory.getLong(entry + FlowLayout.CLIENT_HIGH);
        long clientLow = Memory.getLong(entry + FlowLayout.CLIENT_LOW);
        ClientQueue queue = service.held == 0 ? null : queues.find(leaf, clientHigh, clientLow);
        if (!packet.isData() && queue == null) {
            return Verdict.CONTINUE;
        }
        if (packet.protocol() == IpPacket.UDP && !hasRoom(trafficClass, queue, packet.packets())) {
            return DropReason.QUEUE_FULL.drop(packet);
        }
        if (queue == null) {
            queue = queues.add(leaf, clientHigh, clientLow);
            leaf.add(queue);
        }
        hold(packet, leaf, queue);
        plan(nowNs);
        return Verdict.HOLD;
    }

    /** Whether nobody waits for what the packet would use, and all three limits have it; then it has paid. */
    private boolean passes(ServiceNode service, ClassNode trafficClass, int bytes, long nowNs) {
        if (held != 0
                && (link.isLimited()
                        || (service.held != 0 && service.ceiling.isLimited())
                        || (trafficClass.held != 0 && trafficClass.ceiling.isLimited()))) {
            return false;
        }
        if (!service.ceiling.admits(bytes, nowNs)
                || !trafficClass.ceiling.admits(bytes, nowNs)
                || !link.admits(bytes, nowNs)) {
            return false;
        }
        pay(service, trafficClass, bytes);
        return true;
    }

    private static boolean hasRoom(ClassNode trafficClass, @Nullable ClientQueue queue, int datagrams) {
        int room = trafficClass.boundPackets - trafficClass.heldDatagrams;
        // A run that is longer than the bound still finds room where nothing waits.
        return (datagrams <= room && (queue == null || queue.datagrams < SHARE_OF_ROOM * room))
                || trafficClass.heldDatagrams == 0;
    }

    private void hold(PacketDescriptor packet, Leaf leaf, ClientQueue queue) {
        packet.flags(packet.flags() | DescriptorFlags.WAS_HELD);
        count(leaf, queue, packet, 1);
        queue.append(packets.add(packet), packets);
        if (!leaf.service.isBlocked() && !leaf.isInRing()) {
            leaf.trafficClass.add(leaf);
        }
    }

    private void count(Leaf leaf, ClientQueue queue, PacketDescriptor packet, int sign) {
        held += sign;
        leaf.service.held += sign;
        leaf.trafficClass.held += sign;
        if (packet.protocol() == IpPacket.UDP) {
            queue.datagrams += sign * packet.packets();
            leaf.trafficClass.heldDatagrams += sign * packet.packets();
        }
    }

    private void pay(ServiceNode service, ClassNode trafficClass, int bytes) {
        service.ceiling.take(bytes);
        trafficClass.ceiling.take(bytes);
        link.take(bytes);
    }

    /** What leaves at {@link #dueNs}, with its release time set; or null, when that time has only changed who waits for what. */
    @Nullable
    PacketDescriptor next(long nowNs) {
        if (leaving == null) {
            plan(nowNs);
        }
        ClientQueue queue = leaving;
        if (queue == null || dueNs > nowNs) {
            return null;
        }
        PacketDescriptor packet = packets.at(queue.head());
        packet.releaseNs(nowNs);
        // What outlived its flow goes nowhere, and costs nothing. Asked before it leaves, since that may end the flow.
        leavingBytes = flows.entry(packet.flowRef()) == 0 ? 0 : packet.lengthBytes();
        return packet;
    }

    /** Takes out what {@link #next} lent, and decides what is next. */
    void released(long nowNs) {
        ClientQueue queue = Objects.requireNonNull(leaving);
        Leaf leaf = Objects.requireNonNull(queue.leaf);
        PacketDescriptor packet = packets.at(queue.head());
        if (packet.isData()) {
            pay(leaf.service, leaf.trafficClass, leavingBytes);
            queue.deficit -= leavingBytes;
            leaf.deficit -= leavingBytes;
            leaf.trafficClass.deficit -= leavingBytes;
        }
        count(leaf, queue, packet, -1);
        queue.removeHead(packets);
        ending = null;
        if (queue.isEmpty()) {
            leaf.remove(queue);
            queues.remove(queue);
            if (leaf.isEmpty() && leaf.isInRing()) {
                leaf.trafficClass.remove(leaf);
            }
        } else if (!packets.at(queue.head()).isData()) {
            ending = queue;
        }
        plan(nowNs);
    }

    /** Decides what leaves next and when. */
    private void plan(long nowNs) {
        leaving = null;
        dueNs = Long.MAX_VALUE;
        if (held == 0) {
            return;
        }
        if (ending != null) {
            leaving = ending;
            dueNs = nowNs;
            return;
        }
        while (waiting.firstNs() <= nowNs) {
            goOn(waiting.removeFirst());
        }
        if (!link.opens(0, nowNs)) {
            dueNs = link.opensNs(nowNs);
            return;
        }
        Leaf leaf = candidate(classes[0], nowNs);
        if (leaf == null) {
            leaf = candidateByWeight(nowNs);
        }
        if (leaf == null) {
            dueNs = Math.min(dueNs, waiting.firstNs());
            return;
        }
        ClientQueue queue = leaf.turn();
        if (link.opens(packets.at(queue.head()).lengthBytes(), nowNs)) {
            leaving = queue;
            dueNs = nowNs;
        } else {
            dueNs = link.opensNs(nowNs);
        }
    }

    /** The leaf of a class that may send now as far as its service and class go, or null; then {@link #dueNs} is no later than when one may. */
    private @Nullable Leaf candidate(ClassNode trafficClass, long nowNs) {
        for (Leaf leaf = trafficClass.turn(); leaf != null; leaf = trafficClass.turn()) {
            int bytes = packets.at(leaf.turn().head()).lengthBytes();
            if (!leaf.service.ceiling.opens(bytes, nowNs)) {
                block(leaf.service, nowNs);
            } else if (trafficClass.ceiling.opens(bytes, nowNs)) {
                return leaf;
            } else {
                dueNs = Math.min(dueNs, trafficClass.ceiling.opensNs(nowNs));
                return null;
            }
        }
        return null;
    }

    private @Nullable Leaf candidateByWeight(long nowNs) {
        long rounds = Long.MAX_VALUE;
        for (int i = 1; i < CLASSES; i++) {
            Leaf leaf = candidate(classes[i], nowNs);
            candidates[i] = leaf;
            if (leaf != null) {
                rounds = Math.min(rounds, Math.max(0, -classes[i].deficit) / QUANTUM);
            }
        }
        if (rounds == Long.MAX_VALUE) {
            return null;
        }
        for (int i = 1; i < CLASSES; i++) {
            if (candidates[i] != null) {
                // The rounds in which nobody would come out of debt are gone through at once.
                classes[i].deficit += rounds * QUANTUM;
            }
        }
        while (true) {
            Leaf leaf = candidates[turn];
            if (leaf != null) {
                ClassNode trafficClass = classes[turn];
                if (trafficClass.deficit > 0) {
                    return leaf;
                }
                trafficClass.deficit += QUANTUM;
            }
            turn = turn == CLASSES - 1 ? 1 : turn + 1;
        }
    }

    /** A service at its ceiling waits, and its leaves have no turns until it goes on. */
    private void block(ServiceNode service, long nowNs) {
        service.readyNs = service.ceiling.opensNs(nowNs);
        for (int i = 0; i < CLASSES; i++) {
            Leaf leaf = service.findLeaf(i);
            if (leaf != null && leaf.isInRing()) {
                leaf.trafficClass.remove(leaf);
            }
        }
        waiting.add(service);
    }

    private static void goOn(ServiceNode service) {
        for (int i = 0; i < CLASSES; i++) {
            Leaf leaf = service.findLeaf(i);
            if (leaf != null && !leaf.isEmpty()) {
                leaf.trafficClass.add(leaf);
            }
        }
    }

    /** The service with a number; a number that is new comes with new settings, not with packets. */
    private ServiceNode service(int number) {
        if (number >= services.length) {
            int before = services.length;
            services = Arrays.copyOf(services, number + 1);
            for (int i = before; i <= number; i++) {
                services[i] = new ServiceNode(i);
            }
        }
        return services[number];
    }
}

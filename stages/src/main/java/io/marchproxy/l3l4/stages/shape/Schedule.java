package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decides which of the packets that wait in one direction leaves next, and when.
 *
 * <p>Three ceilings hold for each packet together: of the link, of its service, of its class. Among those that they let go, the order is
 *
 * <ol>
 *   <li>P0, as far as its guarantee goes,
 *   <li>services that have not used up their guarantees, in turns, each its most urgent class first,
 *   <li>P1, P2, P3, as far as their guarantees go,
 *   <li>P0,
 *   <li>P1, P2 and P3 by deficit round robin (Shreedhar, Varghese, "Efficient Fair Queuing Using Deficit Round Robin", 1996), each by
 *       its weight.
 * </ol>
 *
 * <p>Guarantees are met since the configuration refuses those that add up to more than the link: as long as anything promised waits,
 * the link does nothing else. What one does not use of its guarantee, others have by the last two lines. Within a class the services
 * that have something waiting take turns, and within a service's class (a {@link Leaf}) its clients, both by deficit round robin, in
 * the variant that lets a turn end in debt, as Linux's fq_codel does: so the size of the next packet plays no part in whose turn it is
 * ({@link ByteTurns}).
 * Buckets and borrowing are those of HTB (Devera, "Hierarchical token bucket theory", 2002); unlike there a class's limits are not of
 * one service's classes but of the class over all services, so this is no tree with one parent each.
 *
 * <p>Besides, each client and each connection may have a ceiling of its own; with the latter, a client's connections take turns in
 * its turns.
 *
 * <p>Who is at a ceiling of its own has no turns ({@link Blocked}), so none is spent on one that can't send. A packet costs a few
 * looks; O(log n) when its service, client or connection waits for its ceiling or guarantee among n that do, or for its turn among
 * as many.
 */
final class Schedule extends SingleWriter {
    static final int CLASSES = 4;

    /** What a turn brings, in bytes: an Ethernet frame. */
    static final int QUANTUM = 1_514;

    private final HeldPackets packets;
    private final Limits linkLimits = new Limits();
    private final TokenBucket link = linkLimits.ceiling;
    private final ClassNode[] classes = new ClassNode[CLASSES];
    private final Promises promises = new Promises();
    private final Blocked blocked;
    private final @Nullable Leaf[] candidates = new @Nullable Leaf[CLASSES];

    /** The class below P0 whose turn it is. */
    private int turn = 1;

    /** What leaves at {@link #dueNs}; null when then it is only to be looked again. */
    private @Nullable ClientQueue leaving;

    /** The guarantee that it leaves by; null for none. */
    private @Nullable TokenBucket promise;

    private long dueNs = Long.MAX_VALUE;

    /** Whether somebody waits for the link, or may; not when all that wait are at ceilings of their own, or of their class. */
    private boolean isLinkWanted;

    Schedule(HeldPackets packets) {
        this.packets = packets;
        this.blocked = new Blocked(packets, promises);
        Arrays.setAll(classes, ClassNode::new);
    }

    /** Who is at a ceiling of its own. */
    Blocked blocked() {
        return blocked;
    }

    Limits link() {
        return linkLimits;
    }

    ClassNode trafficClass(int number) {
        return classes[number];
    }

    /** When {@link #leaving} leaves, or is to be looked for; {@code Long.MAX_VALUE} while nothing waits. */
    long dueNs() {
        return dueNs;
    }

    /** Who leaves at {@link #dueNs}, if that is known yet. */
    @Nullable
    ClientQueue leaving() {
        return leaving;
    }

    /** Nothing waits. */
    void idle() {
        leaving = null;
        dueNs = Long.MAX_VALUE;
        isLinkWanted = false;
    }

    /**
     * Whether somebody waits for what a packet that comes would use, or may before {@link #dueNs}. Those who can't use it until then are
     * passed by: all that is queued of a service at its ceiling, or of a client or connection at its own.
     */
    boolean isWanted(ServiceNode service, ClassNode trafficClass) {
        return (isLinkWanted && link.isLimited())
                || (trafficClass.ceiling.isLimited() && !trafficClass.turns.isEmpty())
                || (service.held != 0 && service.ceiling.isLimited() && service.isWanted());
    }

    /** Writes who has which turn, waits for what, and until when. Between events, when nothing is about to leave. */
    void save(ServiceNode[] services, StateWriter to) {
        linkLimits.save(to);
        for (int i = 0; i < services.length; i++) {
            if (services[i].number == i) {
                services[i].forCeiling.save(to);
                Promises.save(services[i], to);
            }
        }
        for (ClassNode one : classes) {
            one.save(to);
        }
        promises.save(to);
        to.number(turn);
        to.number(dueNs);
        to.number(isLinkWanted ? 1 : 0);
    }

    /** Takes over what was saved. The leaves have what waits in them already. */
    void restore(ServiceNode[] services, StateReader from) {
        linkLimits.restore(from);
        for (int i = 0; i < services.length; i++) {
            if (services[i].number == i) {
                blocked.restore(services[i], from);
                promises.restore(services[i], from);
            }
        }
        for (ClassNode one : classes) {
            one.limits.restore(from);
            one.deficit = from.number();
            one.turns.restore(from);
            for (int left = from.number(0, services.length); left > 0; left--) {
                Leaf leaf = services[from.number(0, services.length - 1)].findLeaf(one.number);
                if (leaf == null || leaf.isEmpty() || leaf.hasTurns()) {
                    throw new IllegalStateException("a service has a turn for which nothing waits");
                }
                one.turns.restore(leaf);
            }
        }
        promises.restore(services, from);
        turn = from.number(1, CLASSES - 1);
        dueNs = from.number();
        isLinkWanted = from.number(0, 1) != 0;
    }

    /** The end of a stream leaves right behind its bytes, whatever the limits. */
    void plan(ClientQueue ending, long nowNs) {
        leaving = ending;
        promise = null;
        dueNs = nowNs;
    }

    /** Another share of a service's limits: it looks again whether it must wait, and nobody else does. */
    void lookAgain(ServiceNode service) {
        blocked.lookAgain(service);
        promises.goOn(service);
    }

    /** Another share of a class's limits: those services look again that wait for its ceiling. */
    void lookAgain(ClassNode trafficClass) {
        promises.goOn(trafficClass);
    }

    /** New limits: everybody looks again whether he must wait. */
    void everybodyGoesOn(ServiceNode[] services) {
        blocked.everybodyGoesOn();
        promises.everybodyGoesOn();
        for (ServiceNode service : services) {
            promises.lookAgain(service);
        }
    }

    /**
     * Has a packet pay to all that it concerns; what nobody waits for pays by whatever guarantee there is.
     *
     * @return whether there is a guarantee, and it was used up, so that the packet borrows
     */
    boolean pay(ServiceNode service, ClassNode trafficClass, int bytes, long nowNs) {
        boolean borrows = false;
        if (service.guarantee.hasAny(nowNs)) {
            service.guarantee.take(bytes);
        } else if (trafficClass.guarantee.hasAny(nowNs)) {
            trafficClass.guarantee.take(bytes);
        } else {
            borrows = hasGuarantee(service, trafficClass);
        }
        payCeilings(service, trafficClass, bytes);
        return borrows;
    }

    /** Whether what leaves now does so beyond a guarantee that there is. */
    boolean borrows(Leaf leaf) {
        return promise == null && hasGuarantee(leaf.service, leaf.trafficClass);
    }

    private static boolean hasGuarantee(ServiceNode service, ClassNode trafficClass) {
        return service.guarantee.isLimited() || trafficClass.guarantee.isLimited();
    }

    /**
     * Has the packet that leaves pay, and count for the turn of its client; for its service's within the class unless the service
     * was promised it; and for its class's if nobody was.
     */
    void pay(Leaf leaf, ClientQueue queue, int bytes) {
        queue.pay(bytes);
        TokenBucket by = promise;
        if (by != leaf.service.guarantee) {
            leaf.deficit -= bytes;
        }
        if (by == null) {
            leaf.trafficClass.deficit -= bytes;
        } else {
            by.take(bytes);
        }
        payCeilings(leaf.service, leaf.trafficClass, bytes);
    }

    private void payCeilings(ServiceNode service, ClassNode trafficClass, int bytes) {
        service.ceiling.take(bytes);
        trafficClass.ceiling.take(bytes);
        link.take(bytes);
    }

    /** Decides who leaves next and when; something waits. */
    void plan(long nowNs) {
        leaving = null;
        promise = null;
        dueNs = Long.MAX_VALUE;
        blocked.goOn(nowNs);
        isLinkWanted = hasTurns();
        if (isLinkWanted && !link.opens(0, nowNs)) {
            dueNs = link.opensNs(nowNs);
            return;
        }
        Leaf leaf = choose(nowNs);
        if (leaf == null) {
            isLinkWanted = false;
            dueNs = Math.min(dueNs, blocked.firstNs());
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

    private boolean hasTurns() {
        for (ClassNode one : classes) {
            if (!one.turns.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Leaf choose(long nowNs) {
        Leaf leaf = byGuarantee(classes[0], nowNs);
        if (leaf == null) {
            leaf = byServicesGuarantee(nowNs);
        }
        for (int i = 1; i < CLASSES && leaf == null; i++) {
            leaf = byGuarantee(classes[i], nowNs);
        }
        if (leaf == null) {
            leaf = candidate(classes[0], nowNs);
        }
        return leaf == null ? byWeight(nowNs) : leaf;
    }

    private @Nullable Leaf byGuarantee(ClassNode trafficClass, long nowNs) {
        if (trafficClass.turns.isEmpty() || !trafficClass.guarantee.hasAny(nowNs)) {
            return null;
        }
        promise = trafficClass.guarantee;
        Leaf leaf = candidate(trafficClass, nowNs);
        if (leaf == null) {
            promise = null;
        }
        return leaf;
    }

    private @Nullable Leaf byServicesGuarantee(long nowNs) {
        for (ServiceNode service = promises.turn(nowNs); service != null; service = promises.turn(nowNs)) {
            if (!service.guarantee.hasAny(nowNs)) {
                promises.await(service, 0, service.guarantee.anyNs(nowNs));
                continue;
            }
            int closed = 0;
            long openNs = Long.MAX_VALUE;
            for (int i = 0; i < CLASSES && !service.forCeiling.isOn; i++) {
                Leaf leaf = service.findLeaf(i);
                if (leaf != null && leaf.hasTurns() && blocked.opens(leaf, nowNs)) {
                    int bytes = packets.at(leaf.turn().head()).lengthBytes();
                    if (!service.ceiling.opens(bytes, nowNs)) {
                        blocked.block(service, nowNs);
                    } else if (classes[i].ceiling.opens(bytes, nowNs)) {
                        promise = service.guarantee;
                        promises.used(service);
                        return leaf;
                    } else {
                        closed |= classes[i].bit();
                        openNs = Math.min(openNs, classes[i].ceiling.opensNs(nowNs));
                    }
                }
            }
            if (service.isInRing()) {
                promises.await(service, closed, openNs);
            }
        }
        return null;
    }

    /** The leaf of a class that may send now as far as its service and class go, or null; then {@link #dueNs} is no later than when one may. */
    private @Nullable Leaf candidate(ClassNode trafficClass, long nowNs) {
        for (Leaf leaf = trafficClass.turn(); leaf != null; leaf = trafficClass.turn()) {
            if (!blocked.opens(leaf, nowNs)) {
                continue;
            }
            int bytes = packets.at(leaf.turn().head()).lengthBytes();
            if (!leaf.service.ceiling.opens(bytes, nowNs)) {
                blocked.block(leaf.service, nowNs);
            } else if (trafficClass.ceiling.opens(bytes, nowNs)) {
                return leaf;
            } else {
                dueNs = Math.min(dueNs, trafficClass.ceiling.opensNs(nowNs));
                return null;
            }
        }
        return null;
    }

    private @Nullable Leaf byWeight(long nowNs) {
        long rounds = Long.MAX_VALUE;
        for (int i = 1; i < CLASSES; i++) {
            Leaf leaf = candidate(classes[i], nowNs);
            candidates[i] = leaf;
            if (leaf != null) {
                rounds = Math.min(rounds, Math.max(0, -classes[i].deficit) / classes[i].quantum);
            }
        }
        if (rounds == Long.MAX_VALUE) {
            return null;
        }
        for (int i = 1; i < CLASSES; i++) {
            if (candidates[i] != null) {
                // The rounds in which nobody would come out of debt are gone through at once.
                classes[i].deficit += rounds * classes[i].quantum;
            }
        }
        while (true) {
            Leaf leaf = candidates[turn];
            if (leaf != null) {
                ClassNode trafficClass = classes[turn];
                if (trafficClass.deficit > 0) {
                    return leaf;
                }
                trafficClass.deficit += trafficClass.quantum;
            }
            turn = turn == CLASSES - 1 ? 1 : turn + 1;
        }
    }
}

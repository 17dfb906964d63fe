package io.marchproxy.l3l4.stages.shape;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One direction's shaper as its description has it, in plain lists that are gone through from end to end, with numbers that can't
 * overflow: slow, and simple enough to be believed. Packets are numbers.
 */
final class ReferenceShaper {
    private static final int CLASSES = 4;

    record Packet(
            long id,
            long flow,
            int service,
            int trafficClass,
            int client,
            int bytes,
            int datagrams,
            boolean isData,
            boolean isEcnCapable,
            long arrivalNs) {}

    /** What becomes of a packet whose time has come. */
    enum Fate {
        LEAVES,
        LEAVES_MARKED,
        IS_DROPPED
    }

    record Release(Packet packet, Fate fate) {}

    private static final class Client {
        final int number;
        final Deque<Packet> packets = new ArrayDeque<>();
        final ReferenceCodel codel = new ReferenceCodel();
        int datagrams;
        long deficit = Schedule.QUANTUM;

        Client(int number) {
            this.number = number;
        }
    }

    private static final class Leaf {
        final int service;
        final int trafficClass;
        final List<Client> clients = new ArrayList<>();
        long deficit;

        Leaf(int service, int trafficClass) {
            this.service = service;
            this.trafficClass = trafficClass;
        }

        Client turn() {
            while (clients.getFirst().deficit <= 0) {
                clients.getFirst().deficit += Schedule.QUANTUM;
                clients.addLast(clients.removeFirst());
            }
            return clients.getFirst();
        }

        Packet head() {
            return turn().packets.getFirst();
        }
    }

    final ReferenceBucket link = new ReferenceBucket();
    final List<ReferenceBucket> classCeilings = new ArrayList<>();
    final List<ReferenceBucket> serviceCeilings = new ArrayList<>();
    private final List<ReferenceBucket> classGuarantees = new ArrayList<>();
    private final List<ReferenceBucket> serviceGuarantees = new ArrayList<>();
    private final List<List<Leaf>> rings = new ArrayList<>();
    private final List<Leaf> leaves = new ArrayList<>();
    private final long[] deficits = new long[CLASSES];
    private final long[] goOnNs;
    private final long[] promisedNs;
    private final List<Integer> promised = new ArrayList<>();
    private ShapeSettings settings = new ShapeSettings(0, 0, 0, 0);
    private int turn = 1;
    private @Nullable Leaf leaving;
    private @Nullable Client leavingClient;
    private @Nullable ReferenceBucket promise;
    private long dueNs = Long.MAX_VALUE;
    private long heldBytes;

    ReferenceShaper(int services) {
        goOnNs = new long[services];
        promisedNs = new long[services];
        for (int i = 0; i < services; i++) {
            serviceCeilings.add(new ReferenceBucket());
            serviceGuarantees.add(new ReferenceBucket());
            goOnNs[i] = Long.MIN_VALUE;
            promisedNs[i] = Long.MIN_VALUE;
            for (int j = 0; j < CLASSES; j++) {
                leaves.add(new Leaf(i, j));
            }
        }
        for (int i = 0; i < CLASSES; i++) {
            classCeilings.add(new ReferenceBucket());
            classGuarantees.add(new ReferenceBucket());
            rings.add(new ArrayList<>());
        }
    }

    void apply(ShapeSettings next, boolean toClient, long nowNs) {
        settings = next;
        link.set(next.link(), nowNs);
        for (int i = 0; i < CLASSES; i++) {
            classCeilings.get(i).set(next.classes().get(i).ceiling(), nowNs);
            classGuarantees.get(i).set(next.classes().get(i).guarantee(), nowNs);
        }
        for (int i = 0; i < goOnNs.length; i++) {
            ServiceLimits limits = i < next.services().size() ? next.services().get(i) : ServiceLimits.NONE;
            serviceCeilings.get(i).set(toClient ? limits.toClient() : limits.toBackend(), nowNs);
            serviceGuarantees.get(i).set(limits.guarantee(), nowNs);
        }
        everybodyGoesOn();
        for (int i = 0; i < goOnNs.length; i++) {
            if (!serviceGuarantees.get(i).isLimited()) {
                forget(i);
            }
            promise(i);
        }
        plan(nowNs);
    }

    void share(ShareOf of, int which, int share, long nowNs) {
        switch (of) {
            case LINK -> link.share(share, nowNs);
            case CLASS -> {
                classGuarantees.get(which).share(share, nowNs);
                classCeilings.get(which).share(share, nowNs);
            }
            case SERVICE -> {
                serviceGuarantees.get(which).share(share, nowNs);
                serviceCeilings.get(which).share(share, nowNs);
            }
        }
        everybodyGoesOn();
        plan(nowNs);
    }

    private void everybodyGoesOn() {
        goOn(Long.MAX_VALUE);
        inOrder(promisedNs, Long.MAX_VALUE).forEach(service -> {
            promisedNs[service] = Long.MIN_VALUE;
            promise(service);
        });
    }

    long dueNs() {
        return dueNs;
    }

    long heldBytes() {
        return heldBytes;
    }

    /** Lets a packet pass (true), or takes it in (false), or drops it (null). */
    @Nullable
    Boolean process(Packet packet, long nowNs) {
        Leaf leaf = leaf(packet.service, packet.trafficClass);
        if (packet.isData && passes(packet, nowNs)) {
            return true;
        }
        Client client = leaf.clients.stream()
                .filter(one -> one.number == packet.client)
                .findFirst()
                .orElse(null);
        if (!packet.isData && client == null) {
            return true;
        }
        int held = 0;
        for (Leaf one : leaves) {
            for (Client waiting : one.clients) {
                held += one.trafficClass == packet.trafficClass ? waiting.datagrams : 0;
            }
        }
        int room = settings.classes().get(packet.trafficClass).queuePackets() - held;
        boolean fits = packet.datagrams <= room && (client == null || client.datagrams < 8L * room);
        if (packet.datagrams > 0 && !fits && held > 0) {
            return null;
        }
        if (client == null) {
            client = new Client(packet.client);
            leaf.clients.add(client);
        }
        client.packets.addLast(packet);
        heldBytes += packet.bytes;
        client.datagrams += packet.datagrams;
        if (goOnNs[packet.service] == Long.MIN_VALUE
                && !rings.get(packet.trafficClass).contains(leaf)) {
            rings.get(packet.trafficClass).add(leaf);
        }
        promise(packet.service);
        plan(nowNs);
        return false;
    }

    private boolean passes(Packet packet, long nowNs) {
        boolean waits = false;
        boolean ofService = false;
        boolean ofClass = false;
        for (Leaf leaf : leaves) {
            if (!leaf.clients.isEmpty()) {
                waits = true;
                ofService |= leaf.service == packet.service;
                ofClass |= leaf.trafficClass == packet.trafficClass;
            }
        }
        ReferenceBucket service = serviceCeilings.get(packet.service);
        ReferenceBucket trafficClass = classCeilings.get(packet.trafficClass);
        if ((waits && link.isLimited())
                || (ofService && service.isLimited())
                || (ofClass && trafficClass.isLimited())
                || !service.admits(packet.bytes, nowNs)
                || !trafficClass.admits(packet.bytes, nowNs)
                || !link.admits(packet.bytes, nowNs)) {
            return false;
        }
        ReferenceBucket ofServices = serviceGuarantees.get(packet.service);
        ReferenceBucket ofClasses = classGuarantees.get(packet.trafficClass);
        if (ofServices.hasAny(nowNs)) {
            ofServices.take(packet.bytes);
        } else if (ofClasses.hasAny(nowNs)) {
            ofClasses.take(packet.bytes);
        }
        takeCeilings(packet.service, packet.trafficClass, packet.bytes);
        return true;
    }

    private void takeCeilings(int service, int trafficClass, int bytes) {
        serviceCeilings.get(service).take(bytes);
        classCeilings.get(trafficClass).take(bytes);
        link.take(bytes);
    }

    /** What leaves now, or null when it was only to be looked again. */
    @Nullable
    Release release(long nowNs, boolean isGone) {
        if (leaving == null) {
            plan(nowNs);
        }
        Leaf leaf = leaving;
        Client client = leavingClient;
        if (leaf == null || client == null) {
            return null;
        }
        Packet packet = client.packets.removeFirst();
        heldBytes -= packet.bytes;
        client.datagrams -= packet.datagrams;
        Fate fate = isGone ? Fate.LEAVES : fate(packet, client, nowNs);
        if (packet.isData) {
            int bytes = isGone || fate == Fate.IS_DROPPED ? 0 : packet.bytes;
            client.deficit -= bytes;
            if (promise != serviceGuarantees.get(leaf.service)) {
                leaf.deficit -= bytes;
            }
            if (promise != null) {
                promise.take(bytes);
            } else {
                deficits[leaf.trafficClass] -= bytes;
            }
            takeCeilings(leaf.service, leaf.trafficClass, bytes);
        }
        if (client.packets.isEmpty()) {
            leaf.clients.remove(client);
            if (leaf.clients.isEmpty()) {
                rings.get(leaf.trafficClass).remove(leaf);
            }
            if (!waits(leaf.service)) {
                forget(leaf.service);
            }
            plan(nowNs);
        } else if (client.packets.getFirst().isData) {
            plan(nowNs);
        } else {
            promise = null;
            dueNs = nowNs;
        }
        return new Release(packet, fate);
    }

    /** Of one that was taken out of its queue. */
    private Fate fate(Packet packet, Client client, long nowNs) {
        long behind = client.packets.stream().mapToLong(Packet::bytes).sum();
        if (!settings.codel().isOn()
                || packet.datagrams == 0
                || !client.codel.drops(nowNs, nowNs - packet.arrivalNs, behind, settings.codel())) {
            return Fate.LEAVES;
        }
        return packet.isEcnCapable ? Fate.LEAVES_MARKED : Fate.IS_DROPPED;
    }

    private void plan(long nowNs) {
        leaving = null;
        leavingClient = null;
        promise = null;
        dueNs = Long.MAX_VALUE;
        if (leaves.stream().allMatch(leaf -> leaf.clients.isEmpty())) {
            return;
        }
        goOn(nowNs);
        if (!link.opens(0, nowNs)) {
            dueNs = link.opensNs(nowNs);
            return;
        }
        Leaf leaf = choose(nowNs);
        if (leaf == null) {
            for (long ns : goOnNs) {
                dueNs = ns == Long.MIN_VALUE ? dueNs : Math.min(dueNs, ns);
            }
        } else if (link.opens(leaf.head().bytes, nowNs)) {
            leaving = leaf;
            leavingClient = leaf.turn();
            dueNs = nowNs;
        } else {
            dueNs = link.opensNs(nowNs);
        }
    }

    private @Nullable Leaf choose(long nowNs) {
        Leaf leaf = byGuarantee(0, nowNs);
        if (leaf == null) {
            leaf = byServicesGuarantee(nowNs);
        }
        for (int i = 1; i < CLASSES && leaf == null; i++) {
            leaf = byGuarantee(i, nowNs);
        }
        if (leaf == null) {
            leaf = candidate(0, nowNs);
        }
        return leaf == null ? byWeight(nowNs) : leaf;
    }

    private @Nullable Leaf byGuarantee(int trafficClass, long nowNs) {
        if (rings.get(trafficClass).isEmpty()
                || !classGuarantees.get(trafficClass).hasAny(nowNs)) {
            return null;
        }
        Leaf leaf = candidate(trafficClass, nowNs);
        promise = leaf == null ? null : classGuarantees.get(trafficClass);
        return leaf;
    }

    private @Nullable Leaf byServicesGuarantee(long nowNs) {
        inOrder(promisedNs, nowNs).forEach(service -> {
            promisedNs[service] = Long.MIN_VALUE;
            promise(service);
        });
        while (!promised.isEmpty()) {
            int service = promised.getFirst();
            if (!serviceGuarantees.get(service).hasAny(nowNs)) {
                promised.removeFirst();
                promisedNs[service] = serviceGuarantees.get(service).anyNs(nowNs);
                continue;
            }
            long openNs = Long.MAX_VALUE;
            for (int i = 0; i < CLASSES && goOnNs[service] == Long.MIN_VALUE; i++) {
                Leaf leaf = leaf(service, i);
                if (!leaf.clients.isEmpty()) {
                    int bytes = leaf.head().bytes;
                    if (!serviceCeilings.get(service).opens(bytes, nowNs)) {
                        block(service, nowNs);
                    } else if (classCeilings.get(i).opens(bytes, nowNs)) {
                        promise = serviceGuarantees.get(service);
                        promised.addLast(promised.removeFirst());
                        return leaf;
                    } else {
                        openNs = Math.min(openNs, classCeilings.get(i).opensNs(nowNs));
                    }
                }
            }
            if (forget(service)) {
                promisedNs[service] = openNs;
            }
        }
        return null;
    }

    private @Nullable Leaf candidate(int trafficClass, long nowNs) {
        List<Leaf> ring = rings.get(trafficClass);
        while (!ring.isEmpty()) {
            while (ring.getFirst().deficit <= 0) {
                ring.getFirst().deficit += Schedule.QUANTUM;
                ring.addLast(ring.removeFirst());
            }
            Leaf leaf = ring.getFirst();
            if (!serviceCeilings.get(leaf.service).opens(leaf.head().bytes, nowNs)) {
                block(leaf.service, nowNs);
            } else if (classCeilings.get(trafficClass).opens(leaf.head().bytes, nowNs)) {
                return leaf;
            } else {
                dueNs = Math.min(dueNs, classCeilings.get(trafficClass).opensNs(nowNs));
                return null;
            }
        }
        return null;
    }

    private @Nullable Leaf byWeight(long nowNs) {
        List<@Nullable Leaf> candidates = new ArrayList<>();
        candidates.add(null);
        for (int i = 1; i < CLASSES; i++) {
            candidates.add(candidate(i, nowNs));
        }
        if (candidates.stream().allMatch(leaf -> leaf == null)) {
            return null;
        }
        while (true) {
            Leaf leaf = candidates.get(turn);
            if (leaf != null) {
                if (deficits[turn] > 0) {
                    return leaf;
                }
                deficits[turn] +=
                        (long) Schedule.QUANTUM * settings.classes().get(turn).weight();
            }
            turn = turn % 3 + 1;
        }
    }

    private void block(int service, long nowNs) {
        goOnNs[service] = serviceCeilings.get(service).opensNs(nowNs);
        rings.forEach(ring -> ring.removeIf(leaf -> leaf.service == service));
        forget(service);
    }

    private void goOn(long untilNs) {
        inOrder(goOnNs, untilNs).forEach(service -> {
            goOnNs[service] = Long.MIN_VALUE;
            for (int i = 0; i < CLASSES; i++) {
                if (!leaf(service, i).clients.isEmpty()) {
                    rings.get(i).add(leaf(service, i));
                }
            }
            promise(service);
        });
    }

    private static List<Integer> inOrder(long[] times, long untilNs) {
        List<Integer> due = new ArrayList<>();
        for (int i = 0; i < times.length; i++) {
            if (times[i] != Long.MIN_VALUE && times[i] <= untilNs) {
                due.add(i);
            }
        }
        due.sort(Comparator.comparingLong((Integer i) -> times[i]).thenComparingInt(i -> i));
        return due;
    }

    private void promise(int service) {
        if (serviceGuarantees.get(service).isLimited()
                && waits(service)
                && goOnNs[service] == Long.MIN_VALUE
                && promisedNs[service] == Long.MIN_VALUE
                && !promised.contains(service)) {
            promised.add(service);
        }
    }

    private boolean forget(int service) {
        return promised.removeIf(one -> one == service);
    }

    private boolean waits(int service) {
        for (int i = 0; i < CLASSES; i++) {
            if (!leaf(service, i).clients.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private Leaf leaf(int service, int trafficClass) {
        return leaves.get(service * CLASSES + trafficClass);
    }
}

package io.marchproxy.l3l4.stages.shape;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
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
        final long flow;
        final Leaf leaf;
        long id;
        long goOnNs = Long.MIN_VALUE;
        final Deque<Packet> packets = new ArrayDeque<>();
        final ReferenceCodel codel = new ReferenceCodel();
        int datagrams;
        long deficit = Schedule.QUANTUM;

        Client(Leaf leaf, int number, long flow, long id) {
            this.leaf = leaf;
            this.number = number;
            this.flow = flow;
            this.id = id;
        }
    }

    private final class Leaf {
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
                clients.getFirst().id = ++ids;
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
    /** Of clients and connections, by service, which of the two, and number. */
    private final Map<List<Long>, ReferenceBucket> each = new HashMap<>();

    private final List<Client> blocked = new ArrayList<>();
    private boolean toClient;
    private long ids;
    private final List<List<Leaf>> rings = new ArrayList<>();
    private final List<Leaf> leaves = new ArrayList<>();
    private final long[] deficits = new long[CLASSES];
    private final long[] goOnNs;
    private final long[] promisedNs;
    /** While a service can't use its guarantee for ceilings of classes, those classes; empty while there is nothing left of it. */
    private final List<Set<Integer>> closed = new ArrayList<>();

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
            closed.add(new TreeSet<>());
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

    void apply(ShapeSettings next, boolean isToClient, long nowNs) {
        settings = next;
        toClient = isToClient;
        each.forEach((key, bucket) -> bucket.set(limit(key.getFirst().intValue(), key.get(1) == 1), nowNs));
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
        leaves.forEach(this::queueAnew);
        plan(nowNs);
    }

    private RateLimit limit(int service, boolean ofConnection) {
        EachLimits limits = service < settings.services().size()
                ? settings.services().get(service).each()
                : EachLimits.NONE;
        return ofConnection
                ? toClient ? limits.connectionToClient() : limits.connectionToBackend()
                : toClient ? limits.clientToClient() : limits.clientToBackend();
    }

    private void queueAnew(Leaf leaf) {
        boolean byConnection = limit(leaf.service, true).isSet();
        for (Client client : List.copyOf(leaf.clients)) {
            if (client.flow != 0 != byConnection) {
                leaf.clients.remove(client);
                for (Packet packet : client.packets) {
                    Client other = find(leaf, packet);
                    if (other == null) {
                        other = new Client(leaf, packet.client, byConnection ? packet.flow : 0, ++ids);
                        leaf.clients.add(other);
                    }
                    other.packets.addLast(packet);
                    other.datagrams += packet.datagrams;
                }
            }
        }
    }

    private @Nullable Client find(Leaf leaf, Packet packet) {
        long flow = limit(leaf.service, true).isSet() ? packet.flow : 0;
        return Stream.concat(leaf.clients.stream(), blocked.stream())
                .filter(one -> one.leaf == leaf && one.number == packet.client && one.flow == flow)
                .findFirst()
                .orElse(null);
    }

    /** The ceilings of a packet's connection and client, those that there are. */
    private List<ReferenceBucket> eachOf(int service, int client, long flow, long nowNs) {
        List<ReferenceBucket> all = new ArrayList<>();
        for (int i = 1; i >= 0; i--) {
            RateLimit limit = limit(service, i == 1);
            if (limit.isSet()) {
                all.add(each.computeIfAbsent(List.of((long) service, (long) i, i == 1 ? flow : client), missing -> {
                    ReferenceBucket bucket = new ReferenceBucket();
                    bucket.set(limit, nowNs);
                    return bucket;
                }));
            }
        }
        return all;
    }

    /** Whether no client or connection had more than its ceiling. */
    boolean keepsEach() {
        return each.values().stream().allMatch(ReferenceBucket::isKept);
    }

    private List<Client> all() {
        return Stream.concat(leaves.stream().flatMap(leaf -> leaf.clients.stream()), blocked.stream())
                .toList();
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
            case POLICER -> throw new IllegalArgumentException("polices nothing");
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

    /** Forgets ceilings of clients and connections that are as new ones are: whoever comes again finds no other. Answers how many. */
    int forgetFull(long nowNs) {
        int before = each.size();
        each.values().removeIf(bucket -> bucket.isFull(nowNs));
        return before - each.size();
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
        Client client = find(leaf, packet);
        if (!packet.isData && client == null) {
            return true;
        }
        int held = 0;
        for (Client waiting : all()) {
            held += waiting.leaf.trafficClass == packet.trafficClass ? waiting.datagrams : 0;
        }
        int room = settings.classes().get(packet.trafficClass).queuePackets() - held;
        boolean fits = packet.datagrams <= room && (client == null || client.datagrams < 8L * room);
        if (packet.datagrams > 0 && !fits && held > 0) {
            return null;
        }
        if (client == null) {
            client = new Client(leaf, packet.client, limit(leaf.service, true).isSet() ? packet.flow : 0, ++ids);
            leaf.clients.add(client);
        }
        client.packets.addLast(packet);
        heldBytes += packet.bytes;
        client.datagrams += packet.datagrams;
        if (goOnNs[packet.service] == Long.MIN_VALUE
                && !leaf.clients.isEmpty()
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
        boolean ofEach = false;
        for (Client client : all()) {
            waits = true;
            ofService |= client.leaf.service == packet.service;
            ofClass |= client.leaf.trafficClass == packet.trafficClass;
            ofEach |= client.leaf.service == packet.service
                    && ((limit(packet.service, false).isSet() && client.number == packet.client)
                            || (limit(packet.service, true).isSet() && client.flow == packet.flow));
        }
        List<ReferenceBucket> ofPacket = eachOf(packet.service, packet.client, packet.flow, nowNs);
        ReferenceBucket service = serviceCeilings.get(packet.service);
        ReferenceBucket trafficClass = classCeilings.get(packet.trafficClass);
        if ((waits && link.isLimited())
                || (ofService && service.isLimited())
                || (ofClass && trafficClass.isLimited())
                || !service.admits(packet.bytes, nowNs)
                || !trafficClass.admits(packet.bytes, nowNs)
                || !link.admits(packet.bytes, nowNs)
                || ofEach
                || !ofPacket.stream().allMatch(one -> one.admits(packet.bytes, nowNs))) {
            return false;
        }
        ofPacket.forEach(one -> one.take(packet.bytes));
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
            eachOf(leaf.service, client.number, client.flow, nowNs).forEach(one -> one.take(bytes));
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
        if (all().isEmpty()) {
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
            for (Client client : blocked) {
                dueNs = Math.min(dueNs, client.goOnNs);
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
                closed.get(service).clear();
                continue;
            }
            Set<Integer> shut = new TreeSet<>();
            long openNs = Long.MAX_VALUE;
            for (int i = 0; i < CLASSES && goOnNs[service] == Long.MIN_VALUE; i++) {
                Leaf leaf = leaf(service, i);
                if (opens(leaf, nowNs)) {
                    int bytes = leaf.head().bytes;
                    if (!serviceCeilings.get(service).opens(bytes, nowNs)) {
                        block(service, nowNs);
                    } else if (classCeilings.get(i).opens(bytes, nowNs)) {
                        promise = serviceGuarantees.get(service);
                        promised.addLast(promised.removeFirst());
                        return leaf;
                    } else {
                        shut.add(i);
                        openNs = Math.min(openNs, classCeilings.get(i).opensNs(nowNs));
                    }
                }
            }
            if (forget(service)) {
                promisedNs[service] = openNs;
                closed.set(service, shut);
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
            if (!opens(leaf, nowNs)) {
                continue;
            }
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

    /** Has clients wait that are at a ceiling of their own, up to the first that is not. */
    private boolean opens(Leaf leaf, long nowNs) {
        boolean wasReady = !leaf.clients.isEmpty();
        while (!leaf.clients.isEmpty()) {
            Client client = leaf.turn();
            ReferenceBucket closed = null;
            for (ReferenceBucket one : eachOf(leaf.service, client.number, client.flow, nowNs)) {
                if (closed == null && !one.opens(leaf.head().bytes, nowNs)) {
                    closed = one;
                }
            }
            if (closed == null) {
                return true;
            }
            client.goOnNs = closed.opensNs(nowNs);
            leaf.clients.remove(client);
            blocked.add(client);
        }
        if (wasReady) {
            rings.get(leaf.trafficClass).remove(leaf);
            if (!waits(leaf.service)) {
                forget(leaf.service);
            }
        }
        return false;
    }

    private void block(int service, long nowNs) {
        goOnNs[service] = serviceCeilings.get(service).opensNs(nowNs);
        rings.forEach(ring -> ring.removeIf(leaf -> leaf.service == service));
        forget(service);
    }

    private void goOn(long untilNs) {
        List<Client> due = blocked.stream()
                .filter(client -> client.goOnNs <= untilNs)
                .sorted(Comparator.comparingLong((Client client) -> client.goOnNs)
                        .thenComparingLong(client -> client.id))
                .toList();
        for (Client client : due) {
            blocked.remove(client);
            client.leaf.clients.add(client);
            List<Leaf> ring = rings.get(client.leaf.trafficClass);
            if (goOnNs[client.leaf.service] == Long.MIN_VALUE && !ring.contains(client.leaf)) {
                ring.add(client.leaf);
            }
            promise(client.leaf.service);
        }
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
                && mayUseGuarantee(service)
                && !promised.contains(service)) {
            promisedNs[service] = Long.MIN_VALUE;
            promised.add(service);
        }
    }

    /** Whether there is some left, and something to use it for: in a class that is not known to be at its ceiling. */
    private boolean mayUseGuarantee(int service) {
        if (promisedNs[service] == Long.MIN_VALUE) {
            return true;
        }
        Set<Integer> shut = closed.get(service);
        return !shut.isEmpty()
                && leaves.stream()
                        .anyMatch(leaf -> leaf.service == service
                                && !leaf.clients.isEmpty()
                                && !shut.contains(leaf.trafficClass));
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

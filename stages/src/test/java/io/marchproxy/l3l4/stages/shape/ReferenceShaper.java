package io.marchproxy.l3l4.stages.shape;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
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
            long arrivalNs) {
        Packet in(int otherClass) {
            return new Packet(id, flow, service, otherClass, client, bytes, datagrams, isData, isEcnCapable, arrivalNs);
        }
    }

    /** What becomes of a packet whose time has come. */
    enum Fate {
        LEAVES,
        LEAVES_MARKED,
        IS_DROPPED
    }

    record Release(Packet packet, Fate fate) {}

    /** Who may have turns by bytes, and what it owes, though it has none now. */
    private static class Member {
        long deficit = Schedule.QUANTUM;
        long round;
    }

    /** Turns by bytes, round by round and quantum by quantum. Nobody's debt is ever thrown away. */
    private static final class Turns<M extends Member> {
        final List<M> members = new ArrayList<>();
        private long round;
        private long last;

        M turn() {
            while (true) {
                for (M one : List.copyOf(members)) {
                    if (one.round == round && one.deficit > 0) {
                        return one;
                    }
                    if (one.round == round) {
                        skip(one);
                        members.remove(one);
                        members.addLast(one);
                    }
                }
                round++;
            }
        }

        private void skip(M one) {
            do {
                one.deficit += Schedule.QUANTUM;
                one.round++;
            } while (one.deficit <= 0);
            one.deficit = Math.min(one.deficit, Schedule.QUANTUM);
            last = Math.max(last, one.round);
        }

        void add(M one) {
            if (one.round <= round) {
                one.round = round + 1;
                one.deficit = Schedule.QUANTUM;
            }
            last = Math.max(last, one.round);
            members.addLast(one);
        }

        void remove(M one) {
            if (!members.remove(one)) {
                return;
            }
            if (one.round <= round) {
                skip(one);
            }
            if (members.isEmpty()) {
                round = last;
            }
        }
    }

    /** What waits in a leaf of a stream, or of a client's datagrams, or of one of its flows where those have ceilings. */
    private static final class Queue extends Member {
        final Client client;
        final long flow;
        final long id;
        long goOnNs = Long.MIN_VALUE;
        final Deque<Packet> packets = new ArrayDeque<>();
        final ReferenceCodel codel = new ReferenceCodel();

        Queue(Client client, long flow, long id) {
            this.client = client;
            this.flow = flow;
            this.id = id;
        }

        int datagrams() {
            return packets.stream().mapToInt(Packet::datagrams).sum();
        }
    }

    private static final class Client extends Member {
        final int number;
        final Leaf leaf;
        long id;
        long goOnNs = Long.MIN_VALUE;
        final Turns<Queue> turns = new Turns<>();

        Client(Leaf leaf, int number) {
            this.leaf = leaf;
            this.number = number;
        }
    }

    private static final class Leaf extends Member {
        final int service;
        final int trafficClass;
        final Turns<Client> turns = new Turns<>();

        Leaf(int service, int trafficClass) {
            this.service = service;
            this.trafficClass = trafficClass;
        }

        List<Client> clients() {
            return turns.members;
        }

        Queue turn() {
            return turns.turn().turns.turn();
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

    /** At ceilings of their own, and so without turns. */
    private final List<Client> blocked = new ArrayList<>();

    private final List<Queue> blockedQueues = new ArrayList<>();
    private boolean toClient;
    private long ids;
    private final List<Turns<Leaf>> rings = new ArrayList<>();

    /** All clients that ever waited, by leaf and number, and queues, by client and flow. */
    private final Map<List<Object>, Client> clients = new HashMap<>();

    private final Map<List<Object>, Queue> queues = new HashMap<>();
    private final List<Leaf> leaves = new ArrayList<>();
    private final long[] deficits = new long[CLASSES];
    private final long[] goOnNs;
    private final long[] promisedNs;
    /** While a service can't use its guarantee for ceilings of classes, those classes; empty while there is nothing left of it. */
    private final List<Set<Integer>> closed = new ArrayList<>();

    private final List<Integer> promised = new ArrayList<>();
    private ShapeSettings settings = new ShapeSettings(0, 0, 0, 0);
    private int turn = 1;
    private @Nullable Queue leaving;
    private boolean linkIsWanted;
    private @Nullable ReferenceBucket promise;
    private long dueNs = Long.MAX_VALUE;
    private long heldBytes;

    /** Packets that went to another class while they waited. */
    int moved;

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
            rings.add(new Turns<>());
        }
    }

    /**
     * Takes over other settings.
     *
     * @param classes of which class a packet is by itself, negative when its flow has ended; null when each stays what it is
     */
    void apply(ShapeSettings next, boolean isToClient, @Nullable ToIntFunction<Packet> classes, long nowNs) {
        List<Leaf> others = leaves.stream()
                .filter(leaf -> isOther(leaf.service, settings, next, isToClient))
                .toList();
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
        goOn(Long.MAX_VALUE);
        servicesGoOn();
        for (int i = 0; i < goOnNs.length; i++) {
            if (!serviceGuarantees.get(i).isLimited()) {
                forget(i);
            }
            promise(i);
        }
        others.forEach(this::queueAnew);
        if (classes != null) {
            classifyAnew(classes);
        }
        plan(nowNs);
    }

    /** Whether clients or connections of a service have ceilings that had none, or the other way round. */
    private static boolean isOther(int service, ShapeSettings before, ShapeSettings next, boolean toClient) {
        return limit(service, false, before, toClient).isSet()
                        != limit(service, false, next, toClient).isSet()
                || limit(service, true, before, toClient).isSet()
                        != limit(service, true, next, toClient).isSet();
    }

    private RateLimit limit(int service, boolean ofConnection) {
        return limit(service, ofConnection, settings, toClient);
    }

    private static RateLimit limit(int service, boolean ofConnection, ShapeSettings settings, boolean toClient) {
        EachLimits limits = service < settings.services().size()
                ? settings.services().get(service).each()
                : EachLimits.NONE;
        return ofConnection
                ? toClient ? limits.connectionToClient() : limits.connectionToBackend()
                : toClient ? limits.clientToClient() : limits.clientToBackend();
    }

    private void queueAnew(Leaf leaf) {
        Comparator<Member> byRound = Comparator.comparingLong(one -> one.round);
        List<Queue> before = leaf.clients().stream()
                .sorted(byRound)
                .flatMap(client -> client.turns.members.stream().sorted(byRound))
                .toList();
        List<Packet> packets =
                before.stream().flatMap(queue -> queue.packets.stream()).toList();
        before.forEach(queue -> {
            queue.packets.clear();
            hasNoTurn(queue);
        });
        packets.forEach(packet -> queue(leaf, packet).packets.addLast(packet));
    }

    /** The first of a flow's packets decides for all that wait: those behind it must not overtake it. */
    private void classifyAnew(ToIntFunction<Packet> classes) {
        Comparator<Member> byRound = Comparator.comparingLong(one -> one.round);
        Map<Long, Integer> ofFlows = new HashMap<>();
        List<Packet> moving = new ArrayList<>();
        for (Leaf leaf : leaves) {
            List<Queue> all = leaf.clients().stream()
                    .sorted(byRound)
                    .flatMap(client -> client.turns.members.stream().sorted(byRound))
                    .toList();
            for (Queue queue : all) {
                for (Packet packet : List.copyOf(queue.packets)) {
                    int own = classes.applyAsInt(packet);
                    int now = own < 0 ? packet.trafficClass : ofFlows.computeIfAbsent(packet.flow, first -> own);
                    if (now != packet.trafficClass) {
                        queue.packets.remove(packet);
                        moving.add(packet.in(now));
                    }
                }
                if (queue.packets.isEmpty()) {
                    hasNoTurn(queue);
                }
            }
        }
        for (Packet packet : moving) {
            Leaf leaf = leaf(packet.service, packet.trafficClass);
            queue(leaf, packet).packets.addLast(packet);
            arrived(leaf);
        }
        for (Leaf leaf : leaves) {
            if (leaf.clients().isEmpty()) {
                rings.get(leaf.trafficClass).remove(leaf);
                if (!waits(leaf.service)) {
                    forget(leaf.service);
                }
            }
        }
        moved += moving.size();
    }

    /** The class in which the last packet of a flow waits; negative when none does. */
    int waitingClass(long flow) {
        return all().stream()
                .filter(queue -> queue.packets.stream().anyMatch(packet -> packet.flow == flow))
                .mapToInt(queue -> queue.client.leaf.trafficClass)
                .findFirst()
                .orElse(-1);
    }

    /** Datagrams of a class that wait. */
    int heldDatagrams(int trafficClass) {
        return all().stream()
                .filter(queue -> queue.client.leaf.trafficClass == trafficClass)
                .mapToInt(Queue::datagrams)
                .sum();
    }

    private @Nullable Client findClient(Leaf leaf, Packet packet) {
        return all().stream()
                .map(queue -> queue.client)
                .filter(client -> client.leaf == leaf && client.number == packet.client)
                .findFirst()
                .orElse(null);
    }

    private @Nullable Queue find(Leaf leaf, Packet packet) {
        return all().stream()
                .filter(queue -> queue.client.leaf == leaf
                        && queue.client.number == packet.client
                        && queue.flow == flowOf(packet))
                .findFirst()
                .orElse(null);
    }

    private long flowOf(Packet packet) {
        return limit(packet.service, true).isSet() || packet.datagrams == 0 ? packet.flow : 0;
    }

    /** The queue that a packet is to wait in: a new one has the last turn. */
    private Queue queue(Leaf leaf, Packet packet) {
        Queue queue = find(leaf, packet);
        if (queue == null) {
            Client client = findClient(leaf, packet);
            if (client == null) {
                client = clients.computeIfAbsent(
                        List.of(leaf, packet.client), missing -> new Client(leaf, packet.client));
                client.id = ++ids;
            }
            queue = new Queue(client, flowOf(packet), ++ids);
            Queue before = queues.put(List.of(client, flowOf(packet)), queue);
            if (before != null) {
                queue.round = before.round;
                queue.deficit = before.deficit;
            }
            hasTurn(queue);
        }
        return queue;
    }

    private void hasTurn(Queue queue) {
        Client client = queue.client;
        client.turns.add(queue);
        if (!blocked.contains(client) && !client.leaf.clients().contains(client)) {
            client.leaf.turns.add(client);
        }
    }

    private static void hasNoTurn(Queue queue) {
        Client client = queue.client;
        client.turns.remove(queue);
        if (client.turns.members.isEmpty()) {
            client.leaf.turns.remove(client);
        }
    }

    /** The ceilings of a packet's connection and client, those that there are. */
    private List<ReferenceBucket> eachOf(int service, int client, long flow, long nowNs) {
        return Stream.of(ofEach(service, true, flow, nowNs), ofEach(service, false, client, nowNs))
                .filter(Objects::nonNull)
                .toList();
    }

    /** The ceiling of a connection or client; null without one. */
    private @Nullable ReferenceBucket ofEach(int service, boolean isConnection, long number, long nowNs) {
        RateLimit limit = limit(service, isConnection);
        if (!limit.isSet()) {
            return null;
        }
        return each.computeIfAbsent(List.of((long) service, isConnection ? 1L : 0L, number), missing -> {
            ReferenceBucket bucket = new ReferenceBucket();
            bucket.set(limit, nowNs);
            return bucket;
        });
    }

    /** Whether no client or connection had more than its ceiling. */
    boolean keepsEach() {
        return each.values().stream().allMatch(ReferenceBucket::isKept);
    }

    private List<Queue> all() {
        return Stream.of(
                        leaves.stream()
                                .flatMap(leaf -> leaf.clients().stream())
                                .flatMap(one -> one.turns.members.stream()),
                        blocked.stream().flatMap(client -> client.turns.members.stream()),
                        blockedQueues.stream())
                .flatMap(queues -> queues)
                .toList();
    }

    void share(ShareOf of, int which, int share, long nowNs) {
        switch (of) {
            case LINK -> link.share(share, nowNs);
            case CLASS -> {
                classGuarantees.get(which).share(share, nowNs);
                classCeilings.get(which).share(share, nowNs);
                inOrder(promisedNs, Long.MAX_VALUE).stream()
                        .filter(service -> closed.get(service).contains(which))
                        .forEach(this::promiseAgain);
            }
            case SERVICE -> {
                serviceGuarantees.get(which).share(share, nowNs);
                serviceCeilings.get(which).share(share, nowNs);
                if (goOnNs[which] != Long.MIN_VALUE) {
                    goOn(which);
                }
                if (promisedNs[which] != Long.MIN_VALUE) {
                    promiseAgain(which);
                }
            }
            case POLICER -> throw new IllegalArgumentException("polices nothing");
        }
        plan(nowNs);
    }

    private void servicesGoOn() {
        servicesGoOn(Long.MAX_VALUE);
        inOrder(promisedNs, Long.MAX_VALUE).forEach(this::promiseAgain);
    }

    private void promiseAgain(int service) {
        promisedNs[service] = Long.MIN_VALUE;
        promise(service);
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
        if (!packet.isData && find(leaf, packet) == null) {
            return true;
        }
        if (packet.datagrams > 0 && !hasRoom(leaf, packet)) {
            return null;
        }
        queue(leaf, packet).packets.addLast(packet);
        heldBytes += packet.bytes;
        arrived(leaf);
        plan(nowNs);
        return false;
    }

    /**
     * Whether there is room for a packet: a service may go on as long as it holds less than eight times what is left of the bound, and a client, and once
     * more a connection if such have ceilings, up to a part of what its service may still hold that falls with its square.
     */
    private boolean hasRoom(Leaf leaf, Packet packet) {
        int held = 0;
        int ofService = 0;
        int ofClient = 0;
        int ofConnection = 0;
        for (Queue one : all()) {
            if (one.client.leaf.trafficClass == packet.trafficClass) {
                held += one.datagrams();
                if (one.client.leaf == leaf) {
                    ofService += one.datagrams();
                    if (one.client.number == packet.client) {
                        ofClient += one.datagrams();
                        ofConnection += one.flow != 0 && one.flow == packet.flow ? one.datagrams() : 0;
                    }
                }
            }
        }
        if (held == 0) {
            return true;
        }
        int bound = settings.classes().get(packet.trafficClass).queuePackets();
        int left = 0;
        while (ofService + left < 8 * (bound - held - left)) {
            left++;
        }
        return packet.datagrams <= left
                && Math.sqrt((double) (ofClient + ofConnection + packet.datagrams) * bound) <= 12 * left;
    }

    private boolean passes(Packet packet, long nowNs) {
        boolean ofFlow = false;
        boolean ofEach = false;
        for (Queue queue : all()) {
            ofFlow |= queue.packets.stream().anyMatch(one -> one.flow == packet.flow);
            ofEach |= queue.client.leaf.service == packet.service
                    && ((limit(packet.service, false).isSet() && queue.client.number == packet.client)
                            || (limit(packet.service, true).isSet() && queue.flow == packet.flow));
        }
        List<ReferenceBucket> ofPacket = eachOf(packet.service, packet.client, packet.flow, nowNs);
        ReferenceBucket service = serviceCeilings.get(packet.service);
        ReferenceBucket trafficClass = classCeilings.get(packet.trafficClass);
        boolean serviceIsWanted = goOnNs[packet.service] != Long.MIN_VALUE
                || rings.stream()
                        .flatMap(ring -> ring.members.stream())
                        .anyMatch(leaf -> leaf.service == packet.service);
        if ((linkIsWanted && link.isLimited())
                || (serviceIsWanted && service.isLimited())
                || (!rings.get(packet.trafficClass).members.isEmpty() && trafficClass.isLimited())
                || !service.admits(packet.bytes, nowNs)
                || !trafficClass.admits(packet.bytes, nowNs)
                || !link.admits(packet.bytes, nowNs)
                || ofFlow
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
        Queue queue = leaving;
        if (queue == null) {
            return null;
        }
        Leaf leaf = queue.client.leaf;
        Packet packet = queue.packets.removeFirst();
        heldBytes -= packet.bytes;
        Fate fate = isGone ? Fate.LEAVES : fate(packet, queue, nowNs);
        if (packet.isData) {
            int bytes = isGone || fate == Fate.IS_DROPPED ? 0 : packet.bytes;
            queue.deficit -= bytes;
            queue.client.deficit -= bytes;
            eachOf(leaf.service, queue.client.number, queue.flow, nowNs).forEach(one -> one.take(bytes));
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
        if (queue.packets.isEmpty()) {
            hasNoTurn(queue);
            if (leaf.clients().isEmpty()) {
                rings.get(leaf.trafficClass).remove(leaf);
            }
            if (!waits(leaf.service)) {
                forget(leaf.service);
            }
            plan(nowNs);
        } else if (queue.packets.getFirst().isData) {
            plan(nowNs);
        } else {
            promise = null;
            dueNs = nowNs;
        }
        return new Release(packet, fate);
    }

    /** Of one that was taken out of its queue. */
    private Fate fate(Packet packet, Queue queue, long nowNs) {
        long behind = queue.packets.stream().mapToLong(Packet::bytes).sum();
        if (!settings.codel().isOn()
                || packet.datagrams == 0
                || !queue.codel.drops(nowNs, nowNs - packet.arrivalNs, behind, settings.codel())) {
            return Fate.LEAVES;
        }
        return packet.isEcnCapable ? Fate.LEAVES_MARKED : Fate.IS_DROPPED;
    }

    private void plan(long nowNs) {
        leaving = null;
        promise = null;
        dueNs = Long.MAX_VALUE;
        linkIsWanted = false;
        if (all().isEmpty()) {
            return;
        }
        goOn(nowNs);
        boolean hasTurns = rings.stream().anyMatch(ring -> !ring.members.isEmpty());
        if (hasTurns && !link.opens(0, nowNs)) {
            linkIsWanted = true;
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
            for (Queue queue : blockedQueues) {
                dueNs = Math.min(dueNs, queue.goOnNs);
            }
            return;
        }
        linkIsWanted = true;
        if (link.opens(leaf.head().bytes, nowNs)) {
            leaving = leaf.turn();
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
        if (rings.get(trafficClass).members.isEmpty()
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
        Turns<Leaf> ring = rings.get(trafficClass);
        while (!ring.members.isEmpty()) {
            Leaf leaf = ring.turn();
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

    /** Has clients and connections wait that are at a ceiling of their own, up to the first that is not. */
    private boolean opens(Leaf leaf, long nowNs) {
        boolean wasReady = !leaf.clients().isEmpty();
        while (!leaf.clients().isEmpty()) {
            Queue queue = leaf.turn();
            int bytes = leaf.head().bytes;
            ReferenceBucket ofConnection = ofEach(leaf.service, true, queue.flow, nowNs);
            ReferenceBucket ofClient = ofEach(leaf.service, false, queue.client.number, nowNs);
            if (ofConnection != null && !ofConnection.opens(bytes, nowNs)) {
                queue.goOnNs = ofConnection.opensNs(nowNs);
                hasNoTurn(queue);
                blockedQueues.add(queue);
            } else if (ofClient != null && !ofClient.opens(bytes, nowNs)) {
                queue.client.goOnNs = ofClient.opensNs(nowNs);
                leaf.turns.remove(queue.client);
                blocked.add(queue.client);
            } else {
                return true;
            }
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
        for (int i = 0; i < CLASSES; i++) {
            rings.get(i).remove(leaf(service, i));
        }
        forget(service);
    }

    private void goOn(long untilNs) {
        List<Queue> dueQueues = blockedQueues.stream()
                .filter(queue -> queue.goOnNs <= untilNs)
                .sorted(Comparator.comparingLong((Queue queue) -> queue.goOnNs).thenComparingLong(queue -> queue.id))
                .toList();
        for (Queue queue : dueQueues) {
            blockedQueues.remove(queue);
            hasTurn(queue);
            arrived(queue.client.leaf);
        }
        List<Client> due = blocked.stream()
                .filter(client -> client.goOnNs <= untilNs)
                .sorted(Comparator.comparingLong((Client client) -> client.goOnNs)
                        .thenComparingLong(client -> client.id))
                .toList();
        for (Client client : due) {
            blocked.remove(client);
            client.leaf.turns.add(client);
            arrived(client.leaf);
        }
        servicesGoOn(untilNs);
    }

    private void arrived(Leaf leaf) {
        Turns<Leaf> ring = rings.get(leaf.trafficClass);
        if (goOnNs[leaf.service] == Long.MIN_VALUE && !leaf.clients().isEmpty() && !ring.members.contains(leaf)) {
            ring.add(leaf);
        }
        promise(leaf.service);
    }

    private void servicesGoOn(long untilNs) {
        inOrder(goOnNs, untilNs).forEach(this::goOn);
    }

    private void goOn(int service) {
        goOnNs[service] = Long.MIN_VALUE;
        for (int i = 0; i < CLASSES; i++) {
            if (!leaf(service, i).clients().isEmpty()) {
                rings.get(i).add(leaf(service, i));
            }
        }
        promise(service);
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
                                && !leaf.clients().isEmpty()
                                && !shut.contains(leaf.trafficClass));
    }

    private boolean forget(int service) {
        return promised.removeIf(one -> one == service);
    }

    private boolean waits(int service) {
        for (int i = 0; i < CLASSES; i++) {
            if (!leaf(service, i).clients().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private Leaf leaf(int service, int trafficClass) {
        return leaves.get(service * CLASSES + trafficClass);
    }
}

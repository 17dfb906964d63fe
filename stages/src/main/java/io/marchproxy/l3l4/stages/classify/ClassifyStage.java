package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEnder;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the flow that a packet belongs to, or begins one: service, first matching rule, class and code point are decided
 * with a flow's first packet and stay with it, until other rules come into force. Only where a rule that stands before that one
 * looks at lengths or code points, each packet is looked at; a stream is not, all of it has one class. Keeps the flow's
 * counters, and UDP sessions within their cap. IP packets are
 * looked up as datagrams are, by protocol, addresses and ports (0 where there are none); what makes no sense ends here.
 *
 * <p>A packet whose flow has others waiting in another class gets theirs, so that it can't overtake them.
 *
 * <p>Whatever it answers, the descriptor then has a class, so that the books can be kept.
 */
public final class ClassifyStage implements Stage {
    private static final int LOWEST_CLASS = 3;
    private static final int UNCOUNTABLE_REPLIES = 65_535;

    /** Sessions that a new one may end: two, so that a shard whose share shrank comes down to it. */
    private static final int EVICTIONS_AT_MOST = 2;

    private static final VarHandle SERVICES = servicesHandle();

    /** Tells what waits in the shape stage. */
    @FunctionalInterface
    public interface Waiting {
        /** The class in which packets of a flow wait in a direction, as the last of them has it; negative when none waits. */
        int trafficClass(long flowRef, boolean isToBackend);
    }

    private final FlowTable flows;
    private final FlowTimers timers;
    private final FlowEnder ender;
    private final Waiting waiting;
    private final RuleQuery query = new RuleQuery();
    private RuleList rules = RuleList.of(List.of());

    /** The first rule that looks at flows alone and matches the one that {@link #query} is about. */
    private int ofFlow;

    /** Null while no rule asks. */
    private @Nullable ClientFlows clientFlows;

    /** Since when these rules are in force: a flow that was last seen before was classified by others. */
    private long rulesSinceNs = Long.MIN_VALUE;

    /** Replaced with release by a new snapshot; the pipeline's thread reads it plainly, others with acquire. */
    private ServiceState[] services = {};

    /** Whether any service ends sessions by their replies; most configurations have none, and their packets need not ask. */
    private boolean countsReplies;

    /** A stage without settings yet: {@link #apply} comes first. */
    public ClassifyStage(FlowTable flows, FlowTimers timers, FlowEnder ender, Waiting waiting) {
        this.flows = flows;
        this.timers = timers;
        this.ender = ender;
        this.waiting = waiting;
    }

    /**
     * Takes over a snapshot. Where rules or a service's class are others, flows that are there are classified anew, each with its next
     * packet; where rules begin to count clients' flows, all are counted once, which takes a few milliseconds for a million.
     *
     * @param nowNs the pipeline's time; {@code Long.MIN_VALUE} before the first event
     */
    public void apply(ClassifySettings settings, long nowNs) {
        List<ServiceProfile> profiles = settings.services();
        RuleList rulesBefore = rules;
        rules = RuleList.of(settings.rules());
        ServiceState[] before = services;
        ServiceState[] after = new ServiceState[Math.max(before.length, profiles.size())];
        System.arraycopy(before, 0, after, 0, before.length);
        boolean differs = !rules.equals(rulesBefore);
        for (int i = 0; i < profiles.size(); i++) {
            if (i < before.length) {
                differs |= after[i].profile().defaultClass() != profiles.get(i).defaultClass();
                after[i].apply(profiles.get(i), rules);
            } else {
                after[i] = new ServiceState(profiles.get(i), rules, flows);
            }
        }
        SERVICES.setRelease(this, after);
        countsReplies = Arrays.stream(after).anyMatch(state -> state.profile().replyLimit() != 0);
        rulesSinceNs = differs ? nowNs : rulesSinceNs;
        countFlows();
    }

    private void countFlows() {
        if (!rules.countsFlows()) {
            clientFlows = null;
        } else if (clientFlows == null) {
            clientFlows = ClientFlows.of(flows, services);
        }
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (!packet.isData() && packet.kind() == EventKind.OPEN) {
            return open(packet, nowNs);
        }
        long flowRef = packet.flowRef();
        boolean isNamed = flowRef != PacketDescriptor.NO_FLOW || !packet.isClientDatagram();
        if (!isNamed) {
            flowRef = flows.find(packet);
            if (flowRef == PacketDescriptor.NO_FLOW) {
                return newSession(packet, nowNs);
            }
        }
        long entry = flows.entry(flowRef);
        if (entry == 0) {
            packet.trafficClass(defaultClass(packet.service()));
            return DropReason.FLOW_GONE.drop(packet);
        }
        packet.flowRef(flowRef);
        return known(packet, entry, nowNs);
    }

    private Verdict known(PacketDescriptor packet, long entry, long nowNs) {
        FlowEntry.describe(entry, packet);
        if (FlowEntry.marks(entry) != 0 || FlowEntry.lastSeenNs(entry) <= rulesSinceNs) {
            lookAgain(packet, entry);
        }
        if (!packet.isData() && FlowEntry.protocol(entry) == IpPacket.TCP) {
            note(packet.kind(), entry, nowNs);
        }
        FlowEntry.lastSeenNs(entry, nowNs);
        if (packet.isData()) {
            if (packet.isToBackend()) {
                FlowEntry.countToBackend(entry, packet.packets(), packet.lengthBytes());
            } else {
                FlowEntry.countToClient(entry, packet.packets(), packet.lengthBytes());
            }
        }
        return Verdict.CONTINUE;
    }

    /** What a connection's events tell of it besides. The connect began with the event before: an OPEN, or a failed one. */
    private static void note(EventKind kind, long entry, long nowNs) {
        switch (kind) {
            case OPEN -> FlowEntry.sawTcpFlags(entry, TcpView.SYN);
            case CONNECTED -> {
                FlowEntry.sawTcpFlags(entry, TcpView.ACK);
                FlowEntry.connectNs(entry, nowNs - FlowEntry.lastSeenNs(entry));
            }
            case FIN -> FlowEntry.sawTcpFlags(entry, TcpView.FIN);
            case RESET -> FlowEntry.sawTcpFlags(entry, TcpView.RST);
            default -> {
                // tells nothing of the kind
            }
        }
    }

    private Verdict open(PacketDescriptor packet, long nowNs) {
        ServiceState service = service(packet.service());
        if (service == null) {
            packet.trafficClass(LOWEST_CLASS);
            return DropReason.NO_SERVICE.drop(packet);
        }
        applyRules(packet, service);
        if (packet.argument0() != 0) {
            return DropReason.of((int) packet.argument0() - 1).drop(packet);
        }
        if (!service.profile().active() || service.profile().isIp()) {
            return DropReason.NO_SERVICE.drop(packet);
        }
        return begin(packet, service, nowNs);
    }

    private Verdict newSession(PacketDescriptor packet, long nowNs) {
        ServiceState service = service(packet.service());
        if (service == null) {
            packet.trafficClass(LOWEST_CLASS);
            return DropReason.NO_SERVICE.drop(packet);
        }
        boolean isIpPacket = packet.isIpPacket();
        if (packet.isMalformed()) {
            packet.trafficClass(service.profile().defaultClass());
            return DropReason.MALFORMED.drop(packet);
        }
        applyRules(packet, service);
        if (!service.profile().active() || service.profile().isIp() != isIpPacket) {
            return DropReason.NO_SERVICE.drop(packet);
        }
        if (!isIpPacket && service.sessions().size() >= service.cap() && !makeRoom(service)) {
            return DropReason.SESSION_CAP.drop(packet);
        }
        return begin(packet, service, nowNs);
    }

    private boolean makeRoom(ServiceState service) {
        int cap = service.cap();
        if (!service.profile().evictOldest() || cap == 0) {
            return false;
        }
        for (int i = 0; i < EVICTIONS_AT_MOST && service.sessions().size() >= cap; i++) {
            ender.end(flows.refAt(service.sessions().chooseVictim()), FlowEnd.EVICTED);
        }
        return true;
    }

    /** What rules and service say of a packet that would begin a flow; each packet of it, where rules ask. */
    private void applyRules(PacketDescriptor packet, ServiceState service) {
        RuleTable table = service.rules();
        query.flow(packet);
        ClientFlows counted = clientFlows;
        query.clientFlows = counted == null || service.profile().isIp()
                ? 0
                : counted.count(packet.ipVersion(), packet.sourceHigh(), packet.sourceLow());
        ask(packet, isStream(packet.protocol(), service.profile()));
        ofFlow = table.firstOfFlow(query);
        describe(packet, service, table.firstMatch(query, ofFlow));
    }

    private void ask(PacketDescriptor packet, boolean isStream) {
        if (isStream) {
            query.packet(packet.ingressDscp(), RuleQuery.NO_LENGTH);
        } else {
            query.packet(packet);
        }
    }

    private static boolean isStream(int protocol, ServiceProfile profile) {
        return protocol == IpPacket.TCP && !profile.isIp();
    }

    private void describe(PacketDescriptor packet, ServiceState service, int match) {
        if (match == RuleTable.NO_MATCH) {
            packet.trafficClass(service.profile().defaultClass());
            packet.egressDscp(PacketDescriptor.DSCP_UNCHANGED);
            packet.rule(0);
        } else {
            ClassifyRule rule = rules.get(match);
            packet.trafficClass(rule.trafficClass());
            packet.egressDscp(egressDscp(rule));
            packet.rule(match + 1);
        }
    }

    private static int egressDscp(ClassifyRule rule) {
        return rule.egressDscp() < 0 ? PacketDescriptor.DSCP_UNCHANGED : rule.egressDscp();
    }

    /** Writes into a flow what the rules say of all its packets, or of its stream; {@link #query} and {@link #ofFlow} are about it. */
    private void classify(long entry, ServiceState service) {
        RuleTable table = service.rules();
        int match = ofFlow;
        boolean isStream = isStream(FlowEntry.protocol(entry), service.profile());
        boolean eachPacket = !isStream && table.looksAtPackets(query, match);
        match = isStream ? table.firstMatch(query, match) : match;
        if (match == RuleTable.NO_MATCH) {
            FlowEntry.classified(entry, service.profile().defaultClass(), PacketDescriptor.DSCP_UNCHANGED, 0);
        } else {
            ClassifyRule rule = rules.get(match);
            FlowEntry.classified(entry, rule.trafficClass(), egressDscp(rule), match + 1);
        }
        FlowEntry.marks(entry, eachPacket ? FlowLayout.EACH_PACKET : 0);
    }

    /** A packet of a flow that was classified by other rules, or whose rules look at packets, or whose packets wait in another class. */
    private void lookAgain(PacketDescriptor packet, long entry) {
        ServiceState service = services[FlowEntry.service(entry)];
        ClientFlows counted = clientFlows;
        query.flow(entry);
        query.clientFlows = counted == null || service.profile().isIp() ? 0 : counted.count(entry) - 1;
        if (FlowEntry.lastSeenNs(entry) <= rulesSinceNs) {
            ask(packet, isStream(FlowEntry.protocol(entry), service.profile()));
            boolean waits = waits(packet.flowRef());
            ofFlow = service.rules().firstOfFlow(query);
            classify(entry, service);
            if (waits) {
                FlowEntry.marks(entry, FlowEntry.marks(entry) | FlowLayout.ORDER);
            }
            FlowEntry.describe(entry, packet);
        }
        int marks = FlowEntry.marks(entry);
        if ((marks & FlowLayout.EACH_PACKET) != 0 && packet.isData()) {
            query.packet(packet);
            int before = packet.rule() == 0 ? RuleTable.NO_MATCH : packet.rule() - 1;
            int match = service.rules().firstMatch(query, before);
            if (match != before) {
                describe(packet, service, match);
            }
        }
        if (marks != 0) {
            int waitsIn = waiting.trafficClass(packet.flowRef(), packet.isToBackend());
            if (waitsIn >= 0) {
                packet.trafficClass(waitsIn);
            } else if ((marks & FlowLayout.ORDER) != 0 && !waits(packet.flowRef())) {
                FlowEntry.marks(entry, marks & ~FlowLayout.ORDER);
            }
        }
    }

    private boolean waits(long flowRef) {
        return waiting.trafficClass(flowRef, true) >= 0 || waiting.trafficClass(flowRef, false) >= 0;
    }

    private Verdict begin(PacketDescriptor packet, ServiceState service, long nowNs) {
        long flowRef = flows.insert(packet);
        if (flowRef == FlowTable.FULL) {
            return DropReason.FLOW_TABLE_FULL.drop(packet);
        }
        int slot = (int) flowRef;
        long entry = flows.entryAt(slot);
        packet.flowRef(flowRef);
        packet.flags(packet.flags() | DescriptorFlags.NEW_FLOW);
        classify(entry, service);
        FlowEntry.firstSeenNs(entry, nowNs);
        FlowEntry.lastSeenNs(entry, nowNs);
        if (clientFlows != null && !service.profile().isIp()) {
            clientFlows.add(entry);
        }
        if (packet.protocol() == IpPacket.UDP && !service.profile().isIp()) {
            service.add(slot, entry);
        }
        Verdict verdict = known(packet, entry, nowNs);
        timers.arm(slot, entry, idleDeadlineNs(entry), nowNs);
        return verdict;
    }

    /** When a flow will have been silent for its service's time-out; {@code Long.MAX_VALUE} for never. */
    public long idleDeadlineNs(long entry) {
        long timeoutNs = services[FlowEntry.service(entry)].profile().idleTimeoutNs();
        return timeoutNs == 0 ? Long.MAX_VALUE : FlowEntry.lastSeenNs(entry) + timeoutNs;
    }

    /** The same of a session of before this start; one of a service that is not known is too old at any time. */
    public long rememberedUntilNs(long entry) {
        return FlowEntry.service(entry) < services.length ? idleDeadlineNs(entry) : Long.MIN_VALUE;
    }

    /**
     * Keeps count of the replies that a session's client still waits for, when a datagram leaves.
     *
     * @return whether this was the last one, so that the session is to end
     */
    public boolean countReply(PacketDescriptor datagram) {
        if (!countsReplies) {
            return false;
        }
        int limit = services[datagram.service()].profile().replyLimit();
        if (limit == 0) {
            return false;
        }
        long entry = flows.entry(datagram.flowRef());
        if (FlowEntry.protocol(entry) != IpPacket.UDP) {
            return false;
        }
        int left = FlowEntry.repliesLeft(entry);
        if (left == UNCOUNTABLE_REPLIES) {
            return false;
        }
        if (datagram.isToBackend()) {
            long more = left + (long) limit * datagram.packets();
            FlowEntry.repliesLeft(entry, (int) Math.min(more, UNCOUNTABLE_REPLIES));
            return false;
        }
        FlowEntry.repliesLeft(entry, Math.max(left - datagram.packets(), 0));
        return left > 0 && left <= datagram.packets();
    }

    /** Takes a flow that is about to be freed out of its service's sessions. */
    public void forget(long entry) {
        ServiceState service = services[FlowEntry.service(entry)];
        if (service.profile().isIp()) {
            return;
        }
        if (FlowEntry.protocol(entry) == IpPacket.UDP) {
            service.remove(entry);
        }
        if (clientFlows != null) {
            clientFlows.remove(entry);
        }
    }

    /** Sets this shard's share of a service's session cap; sessions beyond it are not ended at once. */
    public void quota(int service, int sessions) {
        ServiceState state = service(service);
        if (state != null) {
            state.quota(Math.max(sessions, 0));
        }
    }

    /** UDP sessions of a service at present. Any thread may ask. */
    public int sessions(int service) {
        ServiceState[] all = (ServiceState[]) SERVICES.getAcquire(this);
        return service < all.length ? all[service].publishedSessions() : 0;
    }

    private @Nullable ServiceState service(int number) {
        ServiceState[] all = services;
        return number < all.length ? all[number] : null;
    }

    @Override
    public void save(StateWriter to) {
        to.number(rulesSinceNs);
        to.number(services.length);
        for (ServiceState service : services) {
            service.save(to);
        }
    }

    @Override
    public void restore(StateReader from) {
        rulesSinceNs = from.number();
        from.number(services.length, services.length);
        for (ServiceState service : services) {
            service.restore(from);
        }
        clientFlows = null;
        countFlows();
    }

    private static VarHandle servicesHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(ClassifyStage.class, "services", ServiceState[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private int defaultClass(int number) {
        ServiceState state = service(number);
        return state == null ? LOWEST_CLASS : state.profile().defaultClass();
    }
}

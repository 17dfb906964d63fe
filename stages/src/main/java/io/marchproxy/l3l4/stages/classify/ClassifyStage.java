package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEnder;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
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
 * with a flow's first packet and stay with it, as long as its {@link Classifier} need not look again. Keeps the flow's counters, and
 * UDP sessions within their cap. IP packets are looked up as datagrams are, by protocol, addresses and ports (0 where there are
 * none); what makes no sense ends here.
 *
 * <p>Where rules look at single packets, one whose flow has others waiting in another class gets theirs, so that it can't overtake them.
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
    private final Classifier classifier;

    /** Replaced with release by a new snapshot; the pipeline's thread reads it plainly, others with acquire. */
    private ServiceState[] services = {};

    /** Whether any service ends sessions by their replies; most configurations have none, and their packets need not ask. */
    private boolean countsReplies;

    /** A stage without settings yet: {@link #apply} comes first. */
    public ClassifyStage(FlowTable flows, FlowTimers timers, FlowEnder ender, Waiting waiting) {
        this.flows = flows;
        this.timers = timers;
        this.ender = ender;
        this.classifier = new Classifier(waiting);
    }

    /**
     * Takes over a snapshot. Where rules or a service's class are others, flows that are there are classified anew, each with its next
     * packet, but at once those of which something waits; where rules begin to count clients' flows, all are counted once, which takes a
     * few milliseconds for a million.
     *
     * @param nowNs the pipeline's time; {@code Long.MIN_VALUE} before the first event
     * @return whom to ask at once about all that waits, in the order in which it came; null when nothing is classified anew
     */
    public @Nullable Reclassifier apply(ClassifySettings settings, long nowNs) {
        List<ServiceProfile> profiles = settings.services();
        RuleList rules = RuleList.of(settings.rules());
        ServiceState[] before = services;
        ServiceState[] after = new ServiceState[Math.max(before.length, profiles.size())];
        System.arraycopy(before, 0, after, 0, before.length);
        boolean classesDiffer = false;
        for (int i = 0; i < profiles.size(); i++) {
            if (i < before.length) {
                classesDiffer |=
                        after[i].profile().defaultClass() != profiles.get(i).defaultClass();
                after[i].apply(profiles.get(i), rules);
            } else {
                after[i] = new ServiceState(profiles.get(i), rules, flows);
            }
        }
        SERVICES.setRelease(this, after);
        countsReplies = Arrays.stream(after).anyMatch(state -> state.profile().replyLimit() != 0);
        RuleList rulesBefore = classifier.rules();
        boolean isOther = classifier.apply(rules, classesDiffer, nowNs);
        classifier.countFlows(flows, after);
        return isOther ? packet -> classifyAnew(packet, rulesBefore) : null;
    }

    private void classifyAnew(PacketDescriptor waiting, RuleList rulesBefore) {
        long entry = flows.entry(waiting.flowRef());
        if (entry != 0) {
            classifier.classifyAnew(waiting, entry, services[FlowEntry.service(entry)], rulesBefore);
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
        if (classifier.looksAgain(entry)) {
            classifier.lookAgain(packet, entry, services[FlowEntry.service(entry)]);
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
        classifier.ask(packet, service);
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
        classifier.ask(packet, service);
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

    private Verdict begin(PacketDescriptor packet, ServiceState service, long nowNs) {
        long flowRef = flows.insert(packet);
        if (flowRef == FlowTable.FULL) {
            return DropReason.FLOW_TABLE_FULL.drop(packet);
        }
        int slot = (int) flowRef;
        long entry = flows.entryAt(slot);
        packet.flowRef(flowRef);
        packet.flags(packet.flags() | DescriptorFlags.NEW_FLOW);
        classifier.classify(entry, service);
        FlowEntry.firstSeenNs(entry, nowNs);
        FlowEntry.lastSeenNs(entry, nowNs);
        classifier.begins(entry, service);
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

    /** Takes note that a flow is about to be freed: its service and its client have one less. */
    public void forget(long entry) {
        ServiceState service = services[FlowEntry.service(entry)];
        if (FlowEntry.protocol(entry) == IpPacket.UDP && !service.profile().isIp()) {
            service.remove(entry);
        }
        classifier.ends(entry, service);
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
        classifier.save(to);
        to.number(services.length);
        for (ServiceState service : services) {
            service.save(to);
        }
    }

    @Override
    public void restore(StateReader from) {
        classifier.restore(from);
        from.number(services.length, services.length);
        for (ServiceState service : services) {
            service.restore(from);
        }
        classifier.countFlows(flows, services);
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

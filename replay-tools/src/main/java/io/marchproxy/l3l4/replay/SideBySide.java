package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.diff.Client;
import io.marchproxy.l3l4.replay.diff.Fate;
import io.marchproxy.l3l4.replay.diff.Ledger;
import io.marchproxy.l3l4.replay.diff.Ticket;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowKey;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One session's two pipelines, in lockstep: the recorded configuration handles an event, then the candidate handles the same
 * event in its own terms. A ticket goes along with whatever is decided about, through the queues of both, and is settled when
 * both have decided.
 *
 * <p>The candidate begins where the recording began, and takes its settings as a reload would bring them. One thread.
 */
final class SideBySide implements AutoCloseable {
    /** Decisions that may be under way at once: what waits in queues that the candidate never empties must not fill the memory. */
    static final int MOST_WAITING = 1_000_000;

    private static final double SECONDS = 1e-9;

    /** One of the two, heard of by its decisions. */
    private final class Side implements Journal {
        private final boolean isCandidate;
        private final Replay replay;
        private final SideNames names;
        private long flowRef;

        Side(boolean isCandidate, Replay replay, SideNames names) {
            this.isCandidate = isCandidate;
            this.replay = replay;
            this.names = names;
            replay.witness(this);
        }

        @Override
        public void arrived(PacketDescriptor event) {
            // it is known
        }

        @Override
        public void flowEnded(long ended, FlowEnd reason, long nowNs) {
            // whatever follows tells
        }

        @Override
        public void handled(PacketDescriptor packet, Verdict verdict) {
            boolean isAtHand = packet == replay.event();
            if (isAtHand) {
                flowRef = packet.flowRef();
            }
            if (verdict == Verdict.HOLD) {
                // The packet has moved into its queue, and the ticket with it.
                fate(ticket).waits(packet.trafficClass(), names.rule(packet.rule()));
            } else if (packet.payload() instanceof Ticket own) {
                decided(packet, verdict, fate(own));
                if (own != ticket) {
                    settleIfDecided(own);
                }
            }
        }

        private Fate fate(Ticket of) {
            return isCandidate ? of.after() : of.before();
        }

        private void decided(PacketDescriptor packet, Verdict verdict, Fate fate) {
            int backend = packet.backend();
            if (backend == PacketDescriptor.NO_BACKEND) {
                long entry = replay.flow(packet.flowRef());
                backend = entry == 0 ? PacketDescriptor.NO_BACKEND : FlowEntry.backend(entry);
            }
            if (verdict == Verdict.DROP) {
                fate.dropped(DropReason.in(packet), packet.trafficClass(), rule(packet, fate), names.route(backend));
            } else {
                fate.forwarded(
                        packet.trafficClass(),
                        rule(packet, fate),
                        packet.egressDscp(),
                        names.route(backend),
                        packet.releaseNs());
                if ((packet.flags() & DescriptorFlags.CE_MARKED) != 0) {
                    fate.marked();
                }
            }
            // A gateway is paid for what goes through it, a backend for what it answers.
            if (packet.isIpPacket() ? verdict != Verdict.DROP : !packet.isToBackend()) {
                fate.costs(names.costPerGb(backend));
            }
        }

        /**
         * A reload numbers rules anew, and has what waits classified anew; but what outlives its flow keeps the rule that it came by.
         */
        private int rule(PacketDescriptor packet, Fate fate) {
            boolean outlivesItsFlow = (packet.flags() & DescriptorFlags.WAS_HELD) != 0
                    && fate.isWaiting()
                    && replay.flow(packet.flowRef()) == 0;
            return outlivesItsFlow ? fate.rule() : names.rule(packet.rule());
        }
    }

    private final SessionInfo session;
    private final PipelineSettings settings;
    private final Ledger ledger;
    private final CountedTime counted;
    private final Translation translation;
    private final FlowRefs refs;

    private final long beganNs;
    private final ServiceNumbers services;
    private final Side recorded;
    private final Side candidate;
    private PipelineSettings inForce;
    private Ticket ticket;
    private @Nullable Client client;
    private boolean hasTicket;

    /**
     * Begins a session.
     *
     * @param settings the candidate's, compiled onto the numbers that the session began with
     * @param repeats the recorded configuration's pipeline, which somebody else drives
     * @param tries a pipeline in the same state, for the candidate; closed with this
     * @param beganNs the shard's time where both begin
     */
    SideBySide(
            SessionInfo session,
            PipelineSettings settings,
            Replay repeats,
            Replay tries,
            long beganNs,
            Ledger ledger,
            CountedTime counted) {
        this.session = session;
        this.settings = settings;
        this.inForce = session.settings();
        this.ledger = ledger;
        this.counted = counted;
        this.beganNs = beganNs;
        this.ticket = ledger.tickets().take();
        translation = new Translation(session.settings(), settings);
        refs = new FlowRefs(repeats.flows().size() == 0);
        services = new ServiceNumbers(ledger, session.settings());
        recorded = new Side(false, repeats, new SideNames(ledger, services::label));
        recorded.names.take(session.settings());
        candidate = new Side(true, tries, new SideNames(ledger, number -> services.labelUnder(settings, number)));
        // A flow that is there from the beginning stays for now where it is, also when its backend is gone.
        candidate.names.take(session.settings());
        candidate.names.take(settings);
        tell(EventKind.CONFIG, event -> event.endpoint(settings));
        for (ServiceProfile service : settings.classify().services()) {
            // The caps of the others are shared out as they were.
            if (translation.isNew(service.id()) && session.shards() > 1) {
                tell(EventKind.QUOTA, event -> {
                    event.service(service.id());
                    event.argument0(Math.max(1, service.sessionCap() / session.shards()));
                });
            }
        }
    }

    /** An event of the candidate's alone. */
    private void tell(EventKind kind, Consumer<PacketDescriptor> content) {
        PacketDescriptor event = candidate.replay.event();
        event.reset(kind, beganNs);
        content.accept(event);
        candidate.replay.handle();
    }

    /** Looks at an event that the recorded configuration is about to handle; answers what goes along with it. */
    @Nullable
    Object arrives(long record) {
        PacketDescriptor event = candidate.replay.event();
        Records.event(record, event);
        EventKind kind = event.kind();
        client = null;
        hasTicket = kind == EventKind.DATA || kind == EventKind.OPEN || kind == EventKind.CONNECT_FAILED;
        if (!hasTicket) {
            return null;
        }
        boolean isData = kind == EventKind.DATA;
        client = client(event);
        ticket.begin(
                isData,
                event.isToBackend(),
                isData ? event.packets() : 1,
                isData ? event.lengthBytes() : 0,
                event.arrivalNs(),
                counted.contains(session.epochMs(event.arrivalNs())));
        ticket.belongsTo(services.ofLedger(event.service()), client);
        return ticket;
    }

    /** Events of a flow name it by its reference alone; those that begin one, or are looked up, have the client's address. */
    private Client client(PacketDescriptor event) {
        long flowRef = event.flowRef();
        if (flowRef == PacketDescriptor.NO_FLOW) {
            return event.isToBackend()
                    ? ledger.client(event.ipVersion(), event.sourceHigh(), event.sourceLow())
                    : ledger.unknownClient();
        }
        Client known = refs.clientOf(flowRef);
        if (known != null) {
            return known;
        }
        long entry = recorded.replay.flow(flowRef);
        if (entry == 0) {
            return ledger.unknownClient();
        }
        FlowKey key = FlowKey.of(entry);
        return ledger.client(key.ipVersion(), key.clientHigh(), key.clientLow());
    }

    /**
     * The recorded configuration has handled the event: now the candidate does.
     *
     * @param brings the settings of a CONFIG event
     * @return why it can't go on, or null
     */
    @Nullable
    String repeated(@Nullable PipelineSettings brings) {
        PacketDescriptor event = candidate.replay.event();
        boolean isLookedUp =
                event.flowRef() == PacketDescriptor.NO_FLOW && recorded.flowRef != PacketDescriptor.NO_FLOW;
        boolean isAsked = translate(event, brings);
        event.payload(hasTicket && isAsked ? ticket : null);
        candidate.replay.handle();
        if (isLookedUp) {
            refs.put(recorded.flowRef, candidate.flowRef, client);
        }
        if (hasTicket) {
            if (!isAsked) {
                ticket.after().ends();
            }
            conclude();
        }
        return ledger.tickets().waiting() <= MOST_WAITING
                ? null
                : String.format(
                        Locale.ROOT,
                        "more than %,d packets wait in queues %.1f s after the start, since more comes in than goes out; it can't be"
                                + " compared from there on",
                        MOST_WAITING,
                        (event.arrivalNs() - session.startedNs()) * SECONDS);
    }

    private void conclude() {
        if (ticket.isSettled()) {
            ledger.settle(ticket);
        } else {
            ledger.tickets().keep(ticket);
        }
        ticket = ledger.tickets().take();
    }

    /** A ticket of a packet that had waited. */
    private void settleIfDecided(Ticket waited) {
        if (waited.isSettled()) {
            ledger.tickets().release(waited);
            ledger.settle(waited);
        }
    }

    /** Puts the event into the candidate's terms. False when it is nothing to the candidate but time that passes. */
    private boolean translate(PacketDescriptor event, @Nullable PipelineSettings brings) {
        EventKind kind = event.kind();
        int service = event.service();
        event.flowRef(refs.candidateOf(event.flowRef()));
        switch (kind) {
            case CONFIG -> {
                if (brings != null) {
                    boolean letsGo = brings.equals(inForce.unshaped());
                    inForce = brings;
                    translation.take(brings);
                    services.take(brings);
                    recorded.names.take(brings);
                    if (letsGo) {
                        event.endpoint(settings.unshaped());
                        return true;
                    }
                }
                return passTime(event);
            }
            case CONNECT_FAILED -> {
                long entry = candidate.replay.flow(event.flowRef());
                int tried = translation.backend(event.backend());
                boolean isTried = entry == 0 || FlowEntry.backend(entry) == tried;
                if (event.backend() != PacketDescriptor.NO_BACKEND && !isTried) {
                    return passTime(event);
                }
                event.service(translation.service(service, event.listener()));
                event.backend(tried);
            }
            case QUOTA -> quota(event, service);
            case TICK, SNAPSHOT -> {
                // of no service
            }
            default -> {
                event.service(translation.service(service, event.listener()));
                if (event.backend() != PacketDescriptor.NO_BACKEND) {
                    event.backend(translation.backend(event.backend()));
                }
            }
        }
        return true;
    }

    /** A share of a rate is as large a part of the candidate's; of a session cap, a number of sessions that is as large a part. */
    private void quota(PacketDescriptor event, int service) {
        if (ShareOf.isIn(event)) {
            ShareOf of = ShareOf.in(event);
            int which = ShareOf.which(event);
            of.writeTo(event, of == ShareOf.SERVICE ? translation.service(which) : which, (int) event.argument0());
        } else {
            event.argument0(translation.share(service, event.argument0()));
            event.service(translation.service(service));
        }
    }

    private static boolean passTime(PacketDescriptor event) {
        event.reset(EventKind.TICK, event.arrivalNs());
        return false;
    }

    /** The session's end: what waits still is counted as that. */
    void ends() {
        for (Ticket waiting = ledger.tickets().anyWaiting();
                waiting != null;
                waiting = ledger.tickets().anyWaiting()) {
            waiting.before().ends();
            waiting.after().ends();
            settleIfDecided(waiting);
        }
    }

    @Override
    public void close() {
        candidate.replay.close();
    }
}

package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.classify.ClassifyStage;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.flow.RememberedSessions;
import io.marchproxy.l3l4.stages.mark.MarkStage;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.route.HealthView;
import io.marchproxy.l3l4.stages.route.PoolView;
import io.marchproxy.l3l4.stages.route.RouteFigures;
import io.marchproxy.l3l4.stages.route.RouteStage;
import io.marchproxy.l3l4.stages.route.RouteView;
import io.marchproxy.l3l4.stages.shape.HoldingStage;
import io.marchproxy.l3l4.stages.shape.Policed;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;
import io.marchproxy.l3l4.stages.trace.TraceStage;
import java.util.OptionalInt;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Runs the five stages in virtual time: classify ▶ shape ▶ mark ▶ route ▶ trace.
 *
 * <p>A discrete-event simulation of which the real traffic is the input. Time is what events bring; before an event of time
 * t is handled, whatever was due by then is done, in order and each at its own time: held packets are released, silent
 * flows end. So the decisions follow from the events and settings alone, whenever a loop happens to run.
 *
 * <p>One thread owns a pipeline. {@link PipelineOutput} and {@link Journal} are called from within {@link #handle} and
 * {@link #advanceTo}, and must not call back into them. Nothing is allocated per packet.
 */
public final class Pipeline extends SingleWriter implements FlowTimers.Expiry {
    private final FlowTable flows;
    private final FlowTimers timers;
    private final RememberedSessions remembered;
    private final PipelineOutput output;
    private final Journal journal;
    private final TrafficBooks books;

    private final ClassifyStage classify;
    private final HoldingStage shape;
    private final MarkStage mark;
    private final RouteStage route;
    private final TraceStage trace;

    private volatile PipelineSettings settings;
    private long nowNs = Long.MIN_VALUE;

    /** Of the event at hand, when it is one of the few that are timed. */
    private @Nullable StageTimer timer;

    /** A pipeline with its first settings. The flow table is empty, and this pipeline's alone. */
    public Pipeline(PipelineSettings initial, FlowTable flows, PipelineOutput output, Journal journal) {
        this(initial, flows, output, journal, new ShapeStage(initial.shape(), flows));
    }

    Pipeline(PipelineSettings initial, FlowTable flows, PipelineOutput output, Journal journal, HoldingStage shape) {
        this.flows = flows;
        this.timers = new FlowTimers(flows, this);
        this.output = output;
        this.journal = journal;
        this.books = new TrafficBooks(initial.classify().services().size());
        this.classify = new ClassifyStage(flows, timers, this::end, shape::waitingClass);
        this.shape = shape;
        this.mark = new MarkStage(initial.mark());
        this.remembered = new RememberedSessions(flows, classify::rememberedUntilNs);
        this.route = new RouteStage(initial.route(), flows, remembered);
        this.trace = new TraceStage();
        this.settings = initial;
        classify.apply(initial.classify(), nowNs);
        journal.follows(this);
    }

    /**
     * Says which events will be handled next, in order ({@code count} of them, from index {@code from} on), so that the memory of their flows is on its way by then: with millions of
     * flows that is what a packet's time goes into. Optional, and without influence on what becomes of the events.
     */
    public void expect(PacketDescriptor[] events, int from, int count) {
        flows.expect(events, from, count);
        journal.expects(count);
    }

    /**
     * Handles one event to its end: the descriptor then carries verdict and drop reason, and output and journal were told.
     *
     * <p>An event that is older than the last is handled at the last one's time.
     */
    public void handle(PacketDescriptor event) {
        journal.arrived(event);
        advanceTo(event.arrivalNs());
        if (event.isData()) {
            pass(event);
        } else {
            handleOther(event);
        }
    }

    /**
     * Handles an event as {@link #handle(PacketDescriptor)} does, and tells a timer as it passes each stage. Nothing that is
     * decided depends on it. What the event's time releases meanwhile is not timed.
     */
    public void handle(PacketDescriptor event, StageTimer stageTimer) {
        timer = stageTimer;
        try {
            handle(event);
        } finally {
            timer = null;
        }
    }

    private void handleOther(PacketDescriptor event) {
        switch (event.kind()) {
            case DATA, OPEN, CONNECTED, CONNECT_FAILED, FIN, RESET -> pass(event);
            case CLOSED -> closed(event);
            case ICMP_ERROR -> icmpError(event);
            case CONFIG -> configure(event);
            case HEALTH -> {
                route.health(event.backend(), event.argument0() != 0, nowNs);
                consumed(event);
            }
            case MEASURED -> {
                route.measured(event.backend(), event.argument0(), event.argument1(), nowNs);
                consumed(event);
            }
            case ROOM -> {
                route.room(event.backend(), (int) Math.clamp(event.argument0(), 0L, (long) Integer.MAX_VALUE));
                consumed(event);
            }
            case SPENT -> {
                route.spentElsewhere(
                        event.service(), Double.longBitsToDouble(event.argument0()), event.argument1(), nowNs);
                consumed(event);
            }
            case QUOTA -> quota(event);
            case SNAPSHOT -> {
                if (event.endpoint() instanceof Inquiry inquiry) {
                    inquiry.look(this);
                }
                passOn(event);
            }
            case RESTORE -> {
                remembered.add(event, nowNs);
                consumed(event);
            }
            case BACKPRESSURE, TICK -> consumed(event);
        }
    }

    /** Lets time pass without an event: does what was due up to {@code untilNs}. Time never runs backwards. */
    public void advanceTo(long untilNs) {
        for (long dueNs = nextDeadlineNs(); dueNs <= untilNs; dueNs = nextDeadlineNs()) {
            nowNs = Math.max(nowNs, dueNs);
            if (shape.nextReleaseNs() == dueNs) {
                releaseNext();
            } else if (timers.nextNs() == dueNs) {
                timers.expire();
            } else {
                remembered.expire();
            }
        }
        nowNs = Math.max(nowNs, untilNs);
    }

    /** When {@link #advanceTo} next has something to do, at the earliest; {@code Long.MAX_VALUE} when nothing is pending. */
    public long nextDeadlineNs() {
        return Math.min(Math.min(shape.nextReleaseNs(), timers.nextNs()), remembered.nextNs());
    }

    /** The time up to which everything due has been done; {@code Long.MIN_VALUE} before the first event. */
    public long nowNs() {
        return nowNs;
    }

    private void pass(PacketDescriptor packet) {
        StageTimer timed = timer;
        if (timed != null) {
            timed.begins();
        }
        Verdict verdict = classify.process(packet, nowNs);
        if (packet.isData()) {
            books.in(packet);
        }
        passed(timed);
        if (verdict == Verdict.CONTINUE) {
            verdict = shape.process(packet, nowNs);
            passed(timed);
        }
        if (verdict == Verdict.CONTINUE) {
            verdict = leave(packet, timed);
        }
        if (verdict == Verdict.FORWARD) {
            forward(packet);
        } else if (verdict == Verdict.HOLD) {
            hold(packet);
        } else {
            drop(packet);
        }
    }

    private void releaseNext() {
        PacketDescriptor packet = shape.next(nowNs);
        if (packet != null) {
            try {
                release(packet);
            } finally {
                // Or an output that fails would be given the same packet for ever.
                shape.released();
            }
        }
    }

    private void release(PacketDescriptor packet) {
        countHeld(packet, -1);
        if (Verdict.in(packet) != Verdict.DROP && leave(packet, null) == Verdict.FORWARD) {
            if ((packet.flags() & DescriptorFlags.CE_MARKED) != 0) {
                books.marked(packet);
            }
            forward(packet);
        } else {
            drop(packet);
        }
    }

    private Verdict leave(PacketDescriptor packet, @Nullable StageTimer timed) {
        Verdict verdict = mark.process(packet, nowNs);
        passed(timed);
        if (verdict == Verdict.CONTINUE) {
            verdict = route.process(packet, nowNs);
            passed(timed);
        }
        if (verdict == Verdict.CONTINUE) {
            verdict = trace.process(packet, nowNs);
            passed(timed);
        }
        return verdict;
    }

    private static void passed(@Nullable StageTimer timed) {
        if (timed != null) {
            timed.passed();
        }
    }

    private void hold(PacketDescriptor packet) {
        countHeld(packet, 1);
        conclude(packet, Verdict.HOLD);
        // It, or one that waited, may leave at this very time.
        advanceTo(nowNs);
    }

    private void forward(PacketDescriptor packet) {
        boolean isLastReply = false;
        if (packet.isData()) {
            books.out(packet);
            if ((packet.flags() & DescriptorFlags.BORROWED) != 0) {
                books.borrowed(packet);
            }
            isLastReply = classify.countReply(packet);
        }
        conclude(packet, Verdict.FORWARD);
        long flowRef = packet.flowRef();
        if (!packet.isData() && packet.kind() == EventKind.RESET) {
            free(flowRef);
        }
        output.forward(packet);
        if (isLastReply) {
            end(flowRef, FlowEnd.REPLIES_COMPLETE);
        }
    }

    private void drop(PacketDescriptor packet) {
        DropReason reason = DropReason.in(packet);
        countDropped(packet, reason);
        conclude(packet, Verdict.DROP);
        if (beginsFlow(packet)) {
            free(packet.flowRef());
        }
        output.drop(packet, reason);
    }

    /** Whether a flow is not worth keeping when this is dropped: nothing of it has left, or its last connect failed. */
    private static boolean beginsFlow(PacketDescriptor packet) {
        return packet.kind() == EventKind.CONNECT_FAILED || (packet.flags() & DescriptorFlags.NEW_FLOW) != 0;
    }

    /** Drops of OPEN and CONNECT_FAILED count one packet without bytes, so that a refused client shows in the books. */
    private void countDropped(PacketDescriptor packet, DropReason reason) {
        EventKind kind = packet.kind();
        int service = packet.service();
        int trafficClass = packet.trafficClass();
        long entry = flows.entry(packet.flowRef());
        if (entry != 0) {
            FlowEntry.countDropped(entry, packet.packets());
        }
        if (kind == EventKind.DATA) {
            books.dropped(service, trafficClass, packet.direction(), reason, packet.packets(), packet.lengthBytes());
        } else if (kind == EventKind.OPEN || kind == EventKind.CONNECT_FAILED) {
            books.in(service, trafficClass, packet.direction(), 1, 0);
            books.dropped(service, trafficClass, packet.direction(), reason, 1, 0);
        }
    }

    private void countHeld(PacketDescriptor packet, int sign) {
        if (packet.isData()) {
            books.held(
                    packet.service(),
                    packet.trafficClass(),
                    packet.direction(),
                    (long) sign * packet.packets(),
                    (long) sign * packet.lengthBytes());
        }
    }

    private void closed(PacketDescriptor event) {
        consumed(event);
        free(event.flowRef());
    }

    private void icmpError(PacketDescriptor event) {
        long entry = flows.entry(event.flowRef());
        if (entry != 0 && FlowEntry.protocol(entry) == IpPacket.UDP) {
            FlowEntry.countIcmpError(entry);
        }
        consumed(event);
    }

    private void quota(PacketDescriptor event) {
        int share = (int) Math.min(event.argument0(), Integer.MAX_VALUE);
        if (ShareOf.isIn(event)) {
            shape.share(event.direction(), ShareOf.in(event), ShareOf.which(event), share, nowNs);
        } else {
            classify.quota(event.service(), share);
        }
        consumed(event);
        advanceTo(nowNs);
    }

    private void configure(PacketDescriptor event) {
        if (!(event.endpoint() instanceof PipelineSettings snapshot)) {
            throw new IllegalArgumentException("a CONFIG event carries its settings");
        }
        books.grow(snapshot.classify().services().size());
        Reclassifier classes = classify.apply(snapshot.classify(), nowNs);
        shape.apply(snapshot.shape(), classes == null ? null : waiting -> classifyAnew(waiting, classes), nowNs);
        mark.apply(snapshot.mark());
        route.apply(snapshot.route());
        settings = snapshot;
        consumed(event);
        // What waited for a lower rate may leave now.
        advanceTo(nowNs);
    }

    private void classifyAnew(PacketDescriptor waiting, Reclassifier classes) {
        int before = waiting.trafficClass();
        classes.classify(waiting);
        if (waiting.isData() && waiting.trafficClass() != before) {
            books.moved(waiting, before);
        }
    }

    /** Lets the output take its books, and this pipeline's, in line with the packets. */
    private void passOn(PacketDescriptor event) {
        conclude(event, Verdict.FORWARD);
        output.forward(event);
    }

    private void consumed(PacketDescriptor event) {
        conclude(event, Verdict.CONSUMED);
    }

    private void conclude(PacketDescriptor event, Verdict verdict) {
        verdict.writeTo(event);
        journal.handled(event, verdict);
    }

    private void end(long flowRef, FlowEnd reason) {
        journal.flowEnded(flowRef, reason, nowNs);
        free(flowRef);
        output.flowEnded(flowRef, reason);
    }

    private void free(long flowRef) {
        long entry = flows.entry(flowRef);
        if (entry != 0) {
            timers.cancel(entry);
            classify.forget(entry);
            route.forget(entry);
            flows.remove(flowRef);
        }
    }

    /**
     * Writes down everything that later decisions depend on, but what follows from the settings in force and the flow table's
     * content. Between events, by the pipeline's thread.
     */
    public void save(StateWriter to) {
        to.number(nowNs);
        timers.save(to);
        for (Stage stage : stages()) {
            stage.save(to);
        }
        remembered.save(to);
    }

    /**
     * Goes on where another pipeline was when it was saved. This one is new, has the settings that the other had then, and the
     * flow table has that one's content.
     *
     * @throws IllegalStateException when what is read can't be a pipeline's state
     */
    public void restore(StateReader from) {
        nowNs = from.number();
        timers.restore(from, nowNs);
        for (Stage stage : stages()) {
            stage.restore(from);
        }
        remembered.restore(from, nowNs);
    }

    /** Writes down what routes depend on, and nothing else. Between events, by the pipeline's thread. */
    public void saveRoutes(StateWriter to) {
        to.number(nowNs);
        route.save(to);
    }

    /**
     * Takes over the routes of another pipeline with the same settings, for whoever asks what it would do. This one is new, and is
     * not to do anything else.
     *
     * @throws IllegalStateException when what is read can't be routes
     */
    public void restoreRoutes(StateReader from) {
        nowNs = from.number();
        route.restore(from);
    }

    /**
     * The backend that a flow is bound to at present, {@code NO_BACKEND} when it has none yet. By the pipeline's thread; nothing changes.
     *
     * @param fromClient a packet of the flow
     * @return empty when there is no such flow
     */
    public OptionalInt backendOf(PacketDescriptor fromClient) {
        long entry = flows.entry(flows.find(fromClient));
        return entry == 0 ? OptionalInt.empty() : OptionalInt.of(FlowEntry.backend(entry));
    }

    /** How a service would choose a backend now. By the pipeline's thread. */
    public PoolView routes(int service) {
        return route.view(service, nowNs);
    }

    /** How a service of IP packets would route a destination; null when no prefix has it, or there are none. */
    public @Nullable RouteView routes(int service, int ipVersion, long high, long low) {
        return route.view(service, ipVersion, high, low, nowNs);
    }

    private Stage[] stages() {
        return new Stage[] {classify, shape, mark, route, trace};
    }

    @Override
    public long deadlineNs(long entry) {
        return classify.idleDeadlineNs(entry);
    }

    @Override
    public void expired(long flowRef) {
        end(flowRef, FlowEnd.IDLE);
    }

    /**
     * Says when the packets of the batch that follows are handed on, for the residence times; by default, as they arrive.
     * No decision depends on it.
     */
    public void handedNs(long value) {
        trace.handedNs(value);
    }

    /**
     * What came in, was dropped, is held, and was handed to {@link PipelineOutput#forward}. Written by the pipeline's thread.
     */
    public TrafficBooks books() {
        return books;
    }

    /** The snapshot in force. Any thread may ask. */
    public PipelineSettings settings() {
        return settings;
    }

    /** Health as the route stage sees it. Any thread may ask. */
    public HealthView health() {
        return route.health();
    }

    /** What the route stage counts. Any thread may ask. */
    public RouteFigures routeFigures() {
        return route.figures();
    }

    /** What became of packets of rules that police. Any thread may ask. */
    public Policed policed() {
        return shape.policed();
    }

    /** UDP sessions of a service at present. Any thread may ask. */
    public int sessions(int service) {
        return classify.sessions(service);
    }

    /** UDP sessions of before this start. What it counts any thread may ask. */
    public RememberedSessions remembered() {
        return remembered;
    }

    /** How long packets that were not held waited for the stages. Any thread may ask. */
    public ResidenceTimes waits() {
        return trace.waits();
    }

    /** How long packets that were held stayed. Any thread may ask. */
    public ResidenceTimes holds() {
        return trace.holds();
    }

    /** The same of one class and direction. */
    public ResidenceTimes holds(int trafficClass, Direction direction) {
        return trace.holds(trafficClass, direction);
    }

    /** How long packets stayed so far, held or not, in nanoseconds. Any thread may ask, and gets a histogram of its own. */
    public Histogram residence() {
        Histogram all = trace.waits().total();
        all.add(trace.holds().total());
        return all;
    }
}

package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among the backends of one service: by its algorithm, and past those that have no room, were tried already, or have only
 * just returned and have had their share. The pipeline's thread; what is said so, any may ask.
 */
final class ServicePool extends SingleWriter {
    /** Answer when backends may be used, but none has room. */
    static final int FULL = -2;

    /** Answer when no prefix has the flow's destination. */
    static final int NO_ROUTE = -3;

    static final int NOBODY = PacketDescriptor.NO_BACKEND;

    /** How old a list may be that measurements, slow starts or money have a part in. */
    private static final long LONGEST_NS = 10_000_000;

    private final BackendStates states;
    private final Draw draw;

    /** Whose money and counters it has: its own, or those of the pool that it is a part of. */
    private final ServicePool whole;

    private Candidates candidates;
    private BackendPool settings;
    private Algorithm own;

    /** Takes the place of the service's own algorithm when the day's money is spent. */
    private Algorithm cheapest;

    private Algorithm now;
    private boolean isSaving;
    private volatile DailyBudget budget;
    private boolean[] left;
    private boolean isStale = true;
    private boolean isRamping;
    private long refreshedNs;

    /** By destination, for a service that takes IP packets; null: each leads to all. */
    private @Nullable GatewaySets gateways;

    /** Counts up whenever routes by destination are others than before. */
    private int routesVersion;

    private volatile long panics;
    private volatile long refused;

    ServicePool(BackendStates states, Draw draw, BackendPool settings, long epochOffsetNs) {
        this(states, draw, settings, epochOffsetNs, null);
        routeBy(settings);
    }

    private ServicePool(
            BackendStates states, Draw draw, BackendPool settings, long epochOffsetNs, @Nullable ServicePool whole) {
        this.states = states;
        this.draw = draw;
        this.whole = whole == null ? this : whole;
        this.settings = settings;
        candidates = new Candidates(states, settings.members());
        own = Algorithm.of(settings.choice(), candidates, draw);
        cheapest = new LowestCost(candidates, 0);
        now = own;
        budget = new DailyBudget(states.bills(), candidates, settings.choice(), epochOffsetNs);
        left = new boolean[candidates.size()];
    }

    void apply(BackendPool next, long epochOffsetNs) {
        Algorithm before = own;
        settings = next;
        candidates = new Candidates(states, next.members());
        own = Algorithm.of(next.choice(), candidates, draw);
        own.goOnFrom(before);
        cheapest = new LowestCost(candidates, 0);
        now = own;
        DailyBudget spending = new DailyBudget(states.bills(), candidates, next.choice(), epochOffsetNs);
        spending.goOnFrom(budget);
        budget = spending;
        left = new boolean[candidates.size()];
        isStale = true;
        routeBy(next);
    }

    /** Takes over routes by destination; where those are others than before, flows that are there have to ask again. */
    private void routeBy(BackendPool next) {
        GatewaySets before = gateways;
        PrefixRouting routing = next.routes() == null ? null : next.routes().routing();
        boolean isSame = routing == null ? before == null : before != null && before.isOf(routing);
        if (isSame) {
            stale();
            return;
        }
        routesVersion++;
        gateways = routing == null
                ? null
                : new GatewaySets(routing, before, part -> new ServicePool(states, draw, part, 0, this));
    }

    /** Takes over where another was in its turn. */
    void goOnFrom(ServicePool before) {
        own.goOnFrom(before.own);
    }

    /** Which version of the routes by destination holds. */
    int routesVersion() {
        return routesVersion;
    }

    /** Whether a destination decides which of its gateways may be chosen. */
    boolean isByDestination() {
        return gateways != null;
    }

    /** Whether a flow may go on to a gateway now that routes are others than when it was chosen. */
    boolean reaches(long entry, int gateway, long nowNs) {
        return gateways == null ? has(gateway) : gateways.reaches(entry, gateway, nowNs);
    }

    boolean has(int backend) {
        return candidates.positionOf(backend) >= 0;
    }

    /** Whether any may be used that is healthy. */
    boolean anyHealthy(long nowNs) {
        refresh(nowNs);
        return candidates.anyHealthy();
    }

    /** Whether any may be used, in panic an unhealthy one. */
    boolean anyUsable(long nowNs) {
        refresh(nowNs);
        return candidates.count() > 0;
    }

    /** Connects at the most for one client connection. */
    int connectTries() {
        return settings.connectTries();
    }

    long connectTotalNs() {
        return settings.connectTotalNs();
    }

    /** Health has changed: what was drawn up holds no more. */
    void stale() {
        isStale = true;
        if (gateways != null) {
            gateways.stale();
        }
    }

    /** Draws up what is picked from, if that is needed. */
    void refresh(long nowNs) {
        if (isStale || (followsTime() && nowNs - refreshedNs >= LONGEST_NS)) {
            candidates.refresh(settings.choice().panicPercent());
            isRamping = anyRamping(nowNs);
            isSaving = whole.budget.saves(nowNs);
            now = isSaving ? cheapest : own;
            if (candidates.count() > 0) {
                now.refresh(nowNs);
            }
            refreshedNs = nowNs;
            isStale = false;
        }
    }

    private boolean followsTime() {
        return isRamping || settings.choice().dailyBudget() > 0 || now.followsTime();
    }

    private boolean anyRamping(long nowNs) {
        for (int i = 0; i < candidates.count(); i++) {
            if (share(candidates.usable(i), nowNs) < 1) {
                return true;
            }
        }
        return false;
    }

    /** The part of its traffic that a backend gets: less than 1 for a while after it returned. */
    double share(int position, long nowNs) {
        long recoveredNs = candidates.recoveredNs(position);
        long slowStartNs = settings.choice().slowStartNs();
        if (recoveredNs == BackendStates.NEVER || nowNs - recoveredNs >= slowStartNs) {
            return 1;
        }
        return (double) Math.max(nowNs - recoveredNs, 0) / slowStartNs;
    }

    /**
     * A backend for a new flow.
     *
     * @param entry the flow's
     * @param tried masks of those that are not to be taken while there are others; 0 for a first try, else the last was at the
     *     backend that the entry names
     * @return its number, {@code NO_BACKEND}, {@link #FULL} or {@link #NO_ROUTE}
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes what it counts
    int choose(long entry, long tried, long nowNs) {
        if (gateways != null) {
            return gateways.choose(entry, tried, nowNs);
        }
        refresh(nowNs);
        if (candidates.count() == 0) {
            return NOBODY;
        }
        int last = tried == 0 ? NOBODY : FlowEntry.backend(entry);
        int trial = tried == 0 ? now.trial(nowNs) : NOBODY;
        int picked = trial < 0 ? pick(entry, nowNs) : trial;
        if (picked < 0 || !isFree(picked, tried, nowNs)) {
            picked = pickOther(picked, entry, tried, last, nowNs);
        }
        if (candidates.isPanic()) {
            whole.panics++;
        }
        if (picked < 0) {
            whole.refused++;
            return FULL;
        }
        return candidates.number(picked);
    }

    /** Where flows are hashed, the hash decides among those that the algorithm would take: when money is spent, the cheapest. */
    private int pick(long entry, long nowNs) {
        MaglevTable table = settings.table();
        if (table == null) {
            return now.pick(nowNs);
        }
        // Of a hundred a walk to the only one takes a hundred steps, and ends where it must.
        int only = now.only();
        return only >= 0 && table.hasPlace(only) ? only : table.walk(hash(entry), now.shortlist());
    }

    /** Of the client alone for stickiness, else of the flow. */
    private long hash(long entry) {
        return settings.choice().sticky() ? StableHash.ofClient(entry) : StableHash.ofFlow(entry);
    }

    private boolean isFree(int position, long tried, long nowNs) {
        if (candidates.isFull(position)) {
            states.flows().refuses(candidates.number(position));
            return false;
        }
        return (tried & maskOf(candidates.number(position))) == 0 && (!isRamping || admits(position, nowNs));
    }

    private boolean admits(int position, long nowNs) {
        double share = share(position, nowNs);
        return share >= 1 || draw.fraction() < share;
    }

    /**
     * The one picked is not free: another that is, or, failing that, one that has had its share since it returned, or else one that
     * was tried before, or has its bit in the mask: the last one only when there is no other.
     */
    private int pickOther(int picked, long entry, long tried, int last, long nowNs) {
        if (leave(tried, last) == 0 && leave(0, last) == 0 && leave(0, NOBODY) == 0) {
            return NOBODY;
        }
        if (isRamping) {
            leaveOutRamping(picked, nowNs);
        }
        MaglevTable table = settings.table();
        int hashed = table == null ? NOBODY : table.walk(hash(entry), left);
        return hashed < 0 ? now.pickAmong(left, nowNs) : hashed;
    }

    /** Marks those that have room and were not tried; tells how many they are. */
    private int leave(long tried, int last) {
        int count = 0;
        for (int i = 0; i < left.length; i++) {
            int number = candidates.number(i);
            left[i] =
                    candidates.mayBeUsed(i) && !candidates.isFull(i) && number != last && (tried & maskOf(number)) == 0;
            count += left[i] ? 1 : 0;
        }
        return count;
    }

    /**
     * What those that returned lately do not get goes to others that have their whole share: a region of many that returns at once would
     * otherwise have as many chances with each flow. Where there are no others, each has its share of this flow, too; the one that was
     * picked has had it.
     */
    private void leaveOutRamping(int picked, long nowNs) {
        int rest = 0;
        boolean anyWhole = false;
        for (int i = 0; i < left.length; i++) {
            rest += left[i] ? 1 : 0;
            anyWhole |= left[i] && share(i, nowNs) >= 1;
        }
        for (int i = 0; i < left.length; i++) {
            boolean isLeft = left[i] && share(i, nowNs) < 1;
            if (isLeft && (anyWhole || (rest > 1 && (i == picked || !admits(i, nowNs))))) {
                left[i] = false;
                rest--;
            }
        }
    }

    /**
     * The mask of a backend: by its number, which a reload leaves as it is. Numbers mostly follow one another, so that two of a pool
     * share a bit only where it has more than 64; then whoever shares one with a backend that was tried is passed over, too.
     */
    static long maskOf(int backend) {
        return 1L << (backend % Long.SIZE);
    }

    /** Whether a flow may stay at a backend that is not healthy: in panic, when it is one of ours that are used. */
    boolean keepsInPanic(long entry, int backend, long nowNs) {
        if (settings.choice().panicPercent() == 0) {
            return false;
        }
        if (gateways != null) {
            return gateways.keepsInPanic(entry, backend, nowNs);
        }
        refresh(nowNs);
        int position = candidates.positionOf(backend);
        return candidates.isPanic() && position >= 0 && candidates.mayBeUsed(position);
    }

    /** How a destination would be routed now; null when no prefix has it, or there are none. */
    @Nullable
    RouteView view(int ipVersion, long high, long low, long nowNs) {
        return gateways == null ? null : gateways.view(ipVersion, high, low, nowNs);
    }

    /** How it would choose now. */
    PoolView view(long nowNs) {
        refresh(nowNs);
        List<CandidateView> views = new ArrayList<>();
        boolean[] best = now.shortlist();
        for (int i = 0; i < candidates.size(); i++) {
            int number = candidates.number(i);
            boolean isUsed = candidates.mayBeUsed(i);
            int most = candidates.member(i).maxConnections();
            views.add(new CandidateView(
                    number,
                    candidates.member(i).enabled(),
                    states.healthy(number),
                    candidates.active(i),
                    most == 0
                            ? Integer.MAX_VALUE
                            : Math.min(most, states.flows().room(number)),
                    candidates.latencyNs(i, nowNs),
                    states.latencies().lossPpm(number),
                    share(i, nowNs),
                    isUsed,
                    isUsed && best[i],
                    isUsed && now.isTooSlow(i),
                    isUsed ? now.score(i, nowNs) : Double.NaN));
        }
        return new PoolView(
                isSaving ? RouteAlgorithm.COST : settings.choice().algorithm(),
                now.scoreName(),
                settings.choice().sticky(),
                candidates.isPanic(),
                isSaving,
                views);
    }

    /** The service's money. */
    DailyBudget budget() {
        return budget;
    }

    /** Flows that were sent to whomever, healthy or not, since too few were healthy. Any thread. */
    long panics() {
        return panics;
    }

    /** Flows for which no backend had room. Any thread. */
    long refused() {
        return refused;
    }

    void save(StateWriter to) {
        to.number(isStale ? 1 : 0);
        to.number(refreshedNs);
        to.number(isSaving ? 1 : 0);
        to.number(isRamping ? 1 : 0);
        to.number(panics);
        to.number(draw.state());
        own.save(to);
        cheapest.save(to);
        budget.save(to);
        to.number(routesVersion);
        if (gateways != null) {
            gateways.save(to);
        }
    }

    void restore(StateReader from) {
        isStale = from.number(0, 1) == 1;
        refreshedNs = from.number();
        isSaving = from.number(0, 1) == 1;
        now = isSaving ? cheapest : own;
        isRamping = from.number(0, 1) == 1;
        panics = from.number();
        draw.state(from.number());
        candidates.refresh(settings.choice().panicPercent());
        own.restore(from);
        cheapest.restore(from);
        budget.restore(from);
        routesVersion = from.number(0, Integer.MAX_VALUE);
        if (gateways != null) {
            gateways.restore(from);
        }
    }
}

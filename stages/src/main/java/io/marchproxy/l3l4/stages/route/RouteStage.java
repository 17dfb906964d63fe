package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.RememberedSessions;
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
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a flow's backend among the healthy ones, and keeps to it: a connection for its life, a UDP session or a flow of IP
 * packets until the backend (a gateway, for the latter) is unhealthy or no longer configured and another is to be had. Tries
 * another when a connect failed.
 */
public final class RouteStage implements Stage {
    private static final int TRIES_COUNTED = 255;

    private final FlowTable flows;
    private final RememberedSessions remembered;
    private final BackendStates states = new BackendStates();
    private final long seed;

    /** Replaced by a new snapshot; others than the pipeline's thread may read it. */
    private volatile ServicePool[] pools = {};

    /** When the first of the services' days ends; {@code Long.MIN_VALUE} when that is to be asked. */
    private long dayEndsNs = Long.MIN_VALUE;

    /** A stage that remembers no sessions of before. */
    public RouteStage(RouteSettings settings, FlowTable flows) {
        this(settings, flows, new RememberedSessions(flows, entry -> Long.MAX_VALUE));
    }

    /**
     * A stage with its first settings; all backends are healthy until told otherwise.
     *
     * @param remembered is asked where a session that begins was before
     */
    public RouteStage(RouteSettings settings, FlowTable flows, RememberedSessions remembered) {
        this.flows = flows;
        this.remembered = remembered;
        this.seed = settings.seed();
        apply(settings);
    }

    /**
     * Takes over a snapshot. Health stays with the backends' numbers, flows stay with their backends. The seed is the first
     * snapshot's.
     */
    public void apply(RouteSettings settings) {
        List<BackendPool> after = settings.pools();
        states.apply(after);
        int before = pools.length;
        ServicePool[] next = Arrays.copyOf(pools, Math.max(before, after.size()));
        for (int i = 0; i < after.size(); i++) {
            BackendPool pool = after.get(i);
            if (i < before) {
                next[i].apply(pool, settings.epochOffsetNs());
            } else {
                next[i] = new ServicePool(states, Draw.of(seed, i), pool, settings.epochOffsetNs());
            }
        }
        pools = next;
        dayEndsNs = Long.MIN_VALUE;
    }

    /** Takes in that a backend's health flipped; one that returns starts slowly from {@code nowNs} on. */
    public void health(int backend, boolean healthy, long nowNs) {
        states.healthy(backend, healthy, nowNs);
        for (ServicePool pool : pools) {
            pool.stale();
        }
    }

    /**
     * Takes in what a probe found.
     *
     * @param rttNs round trip of the last probe; 0 when it had no answer
     * @param lossPpm loss over the probe's window, in parts per million
     */
    public void measured(int backend, long rttNs, long lossPpm, long nowNs) {
        states.measured(backend, rttNs, lossPpm, nowNs);
    }

    /** Sets this shard's share of what a backend may have; flows beyond it are not ended. */
    public void room(int backend, int flows) {
        if (states.isInPool(backend)) {
            states.flows().room(backend, flows);
        }
    }

    /** Takes in what of a service's money was spent elsewhere on a day, in days since 1970. */
    public void spentElsewhere(int service, double sum, long day, long nowNs) {
        if (service < pools.length) {
            pools[service].budget().elsewhere(sum, day, nowNs);
        }
    }

    /** How a service would choose now. By the pipeline's thread. */
    public PoolView view(int service, long nowNs) {
        return pools[service].view(nowNs);
    }

    /** How a service would route a destination now; null when no prefix has it, or there are none. By the pipeline's thread. */
    public @Nullable RouteView view(int service, int ipVersion, long high, long low, long nowNs) {
        return pools[service].view(ipVersion, high, low, nowNs);
    }

    /** What the stage has spent, refused and sent, for any thread. */
    public RouteFigures figures() {
        return new RouteFigures(this::pool, states);
    }

    private @Nullable ServicePool pool(int service) {
        ServicePool[] all = pools;
        return service < all.length ? all[service] : null;
    }

    /** Health as this stage sees it, for any thread. */
    public HealthView health() {
        return states;
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        long entry = flows.entry(packet.flowRef());
        if (entry == 0) {
            return DropReason.FLOW_GONE.drop(packet);
        }
        boolean isConnection = FlowEntry.protocol(entry) == IpPacket.TCP;
        if (!packet.isData()) {
            return followConnection(packet, entry, isConnection, nowNs);
        }
        int backend = FlowEntry.backend(entry);
        if (packet.isIpPacket()) {
            return forward(packet, entry, backend, nowNs);
        }
        boolean isToBackend = packet.isToBackend();
        boolean isSettled = (backend >= 0 && states.usable(backend)) || !isToBackend;
        if (isSettled || isConnection) {
            if (!isToBackend) {
                bill(packet, backend, nowNs);
            }
            packet.backend(backend);
            return Verdict.CONTINUE;
        }
        return chooseForSession(packet, entry, backend, nowNs);
    }

    /** An IP packet: to its flow's gateway as long as that is healthy and its destination leads there, which is paid for. */
    private Verdict forward(PacketDescriptor packet, long entry, int gateway, long nowNs) {
        ServicePool pool = pools[packet.service()];
        boolean isUsable = gateway >= 0 && states.usable(gateway);
        boolean isRight = isUsable && FlowEntry.routesVersion(entry) == pool.routesVersion();
        if (isRight || (isUsable && pool.reaches(entry, gateway, nowNs))) {
            packet.backend(gateway);
        } else {
            Verdict verdict = chooseForSession(packet, entry, gateway, nowNs);
            if (verdict != Verdict.CONTINUE) {
                return verdict;
            }
        }
        if (!isRight) {
            FlowEntry.routesVersion(entry, pool.routesVersion());
        }
        bill(packet, packet.backend(), nowNs);
        return Verdict.CONTINUE;
    }

    /** Counts what leaves a backend, whatever becomes of it afterwards: its provider is paid for that. */
    private void bill(PacketDescriptor packet, int backend, long nowNs) {
        if (nowNs >= dayEndsNs) {
            turnDay(nowNs);
        }
        if (backend >= 0) {
            states.bills().add(backend, packet.lengthBytes());
        }
    }

    private void turnDay(long nowNs) {
        long next = Long.MAX_VALUE;
        for (ServicePool pool : pools) {
            pool.budget().turnDay(nowNs);
            next = Math.min(next, pool.budget().dayEndsNs());
        }
        dayEndsNs = next;
    }

    private Verdict followConnection(PacketDescriptor event, long entry, boolean isConnection, long nowNs) {
        EventKind kind = event.kind();
        if (kind == EventKind.OPEN && isConnection) {
            return connect(event, entry, nowNs);
        }
        if (kind == EventKind.CONNECT_FAILED) {
            return isConnection ? connectAgain(event, entry, nowNs) : DropReason.CONNECT_FAILED.drop(event);
        }
        if (kind == EventKind.CONNECTED && isConnection) {
            connected(entry, nowNs);
        }
        event.backend(FlowEntry.backend(entry));
        return Verdict.CONTINUE;
    }

    private void connected(long entry, long nowNs) {
        int backend = FlowEntry.backend(entry);
        if (backend >= 0) {
            // Counted out even where a reload took the backend away: it may come back under its number.
            states.flows().answered(backend, nowNs);
            states.connected(backend, FlowEntry.connectNs(entry), nowNs);
        }
    }

    private Verdict chooseForSession(PacketDescriptor packet, long entry, int before, long nowNs) {
        if (before == PacketDescriptor.NO_BACKEND) {
            long known = remembered.find(packet, nowNs);
            if (known != PacketDescriptor.NO_FLOW) {
                return goOn(packet, entry, known, nowNs);
            }
        } else if (states.isInPool(before) && pools[packet.service()].keepsInPanic(entry, before, nowNs)) {
            packet.backend(before);
            return Verdict.CONTINUE;
        }
        return choose(packet, entry, before, nowNs);
    }

    /**
     * A session of before this start goes on: at its backend if that may be used, and is still one that it leads to, which routes of before
     * tell nothing of; and in any case with its counters.
     */
    private Verdict goOn(PacketDescriptor packet, long entry, long known, long nowNs) {
        int backend = remembered.backend(known);
        Verdict verdict = Verdict.CONTINUE;
        if (backend >= 0 && states.usable(backend) && pools[packet.service()].reaches(entry, backend, nowNs)) {
            send(entry, backend);
            packet.backend(backend);
        } else {
            verdict = choose(packet, entry, PacketDescriptor.NO_BACKEND, nowNs);
        }
        if (verdict == Verdict.CONTINUE) {
            remembered.take(known, entry);
        }
        return verdict;
    }

    private Verdict choose(PacketDescriptor packet, long entry, int before, long nowNs) {
        ServicePool pool = pools[packet.service()];
        int chosen = pool.choose(entry, 0, nowNs);
        if (chosen < 0) {
            boolean mayStay =
                    before != PacketDescriptor.NO_BACKEND && states.healthy(before) && !pool.isByDestination();
            if (!mayStay) {
                return reason(chosen).drop(packet);
            }
            packet.backend(before);
            return Verdict.CONTINUE;
        }
        if (before != PacketDescriptor.NO_BACKEND) {
            packet.flags(packet.flags() | DescriptorFlags.REROUTED);
        }
        send(entry, chosen);
        packet.backend(chosen);
        return Verdict.CONTINUE;
    }

    private static DropReason reason(int answer) {
        return switch (answer) {
            case ServicePool.FULL -> DropReason.BACKENDS_FULL;
            case ServicePool.NO_ROUTE -> DropReason.NO_ROUTE;
            default -> DropReason.NO_HEALTHY_BACKEND;
        };
    }

    private Verdict connect(PacketDescriptor packet, long entry, long nowNs) {
        ServicePool pool = pools[packet.service()];
        return connectTo(pool.choose(entry, 0, nowNs), packet, entry, pool, nowNs);
    }

    private Verdict connectAgain(PacketDescriptor packet, long entry, long nowNs) {
        ServicePool pool = pools[packet.service()];
        if (FlowEntry.tries(entry) >= Math.min(pool.connectTries(), TRIES_COUNTED)
                || remainingNs(entry, pool, nowNs) <= 0) {
            return DropReason.CONNECT_FAILED.drop(packet);
        }
        return connectTo(pool.choose(entry, FlowEntry.tried(entry), nowNs), packet, entry, pool, nowNs);
    }

    private Verdict connectTo(int backend, PacketDescriptor packet, long entry, ServicePool pool, long nowNs) {
        if (backend < 0) {
            return reason(backend).drop(packet);
        }
        if (isConnecting(entry)) {
            states.flows().answered(FlowEntry.backend(entry), nowNs);
        }
        send(entry, backend);
        states.flows().connects(backend, nowNs);
        FlowEntry.tried(entry, FlowEntry.tried(entry) | ServicePool.maskOf(backend));
        FlowEntry.tries(entry, FlowEntry.tries(entry) + 1);
        packet.backend(backend);
        packet.argument1(remainingNs(entry, pool, nowNs));
        return Verdict.CONTINUE;
    }

    /** Binds a flow to a backend, or to none, and keeps count of both. */
    private void send(long entry, int backend) {
        int before = FlowEntry.backend(entry);
        if (before >= 0) {
            states.flows().ends(before);
        }
        if (backend >= 0) {
            states.flows().begins(backend);
        }
        FlowEntry.backend(entry, backend);
    }

    /** Takes note that a flow is about to be freed. */
    public void forget(long entry) {
        int backend = FlowEntry.backend(entry);
        if (backend >= 0) {
            if (isConnecting(entry)) {
                states.flows().givenUp(backend);
            }
            states.flows().ends(backend);
        }
    }

    /** Whether a flow waits for its connect to be answered. */
    private static boolean isConnecting(long entry) {
        return FlowEntry.protocol(entry) == IpPacket.TCP
                && FlowEntry.tries(entry) > 0
                && (FlowEntry.tcpFlags(entry) & TcpView.ACK) == 0
                && FlowEntry.backend(entry) >= 0;
    }

    @Override
    public void save(StateWriter to) {
        states.save(to);
        to.number(pools.length);
        for (ServicePool pool : pools) {
            pool.save(to);
        }
    }

    @Override
    public void restore(StateReader from) {
        states.restore(from);
        dayEndsNs = Long.MIN_VALUE;
        from.number(pools.length, pools.length);
        for (ServicePool pool : pools) {
            pool.restore(from);
        }
    }

    private static long remainingNs(long entry, ServicePool pool, long nowNs) {
        return pool.connectTotalNs() - (nowNs - FlowEntry.firstSeenNs(entry));
    }
}

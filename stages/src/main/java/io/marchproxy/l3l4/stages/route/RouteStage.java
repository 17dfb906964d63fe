package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.RememberedSessions;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;
import java.util.List;

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
    private ServicePool[] pools = {};

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
        apply(settings);
    }

    /** Takes over a snapshot. Health stays with the backends' numbers, flows stay with their backends. */
    public void apply(RouteSettings settings) {
        List<BackendPool> after = settings.pools();
        states.apply(after);
        int before = pools.length;
        pools = Arrays.copyOf(pools, Math.max(before, after.size()));
        for (int i = 0; i < after.size(); i++) {
            if (i < before) {
                pools[i].apply(after.get(i));
            } else {
                pools[i] = new ServicePool(states, after.get(i));
            }
        }
    }

    /** Takes in that a backend's health flipped; one that returns starts slowly from {@code nowNs} on. */
    public void health(int backend, boolean healthy, long nowNs) {
        states.healthy(backend, healthy, nowNs);
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
        boolean isSettled = (backend >= 0 && states.usable(backend)) || !packet.isToBackend();
        if (isSettled || (isConnection && !packet.isIpPacket())) {
            packet.backend(backend);
            return Verdict.CONTINUE;
        }
        return chooseForSession(packet, entry, backend, nowNs);
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
            states.connected(FlowEntry.backend(entry), FlowEntry.connectNs(entry), nowNs);
        }
        event.backend(FlowEntry.backend(entry));
        return Verdict.CONTINUE;
    }

    private Verdict chooseForSession(PacketDescriptor packet, long entry, int before, long nowNs) {
        if (before == PacketDescriptor.NO_BACKEND) {
            long known = remembered.find(packet, nowNs);
            if (known != PacketDescriptor.NO_FLOW) {
                return goOn(packet, entry, known);
            }
        }
        return choose(packet, entry, before);
    }

    /** A session of before this start goes on: at its backend if that may be chosen, and in any case with its counters. */
    private Verdict goOn(PacketDescriptor packet, long entry, long known) {
        int backend = remembered.backend(known);
        Verdict verdict = Verdict.CONTINUE;
        if (backend >= 0 && states.usable(backend)) {
            FlowEntry.backend(entry, backend);
            packet.backend(backend);
        } else {
            verdict = choose(packet, entry, PacketDescriptor.NO_BACKEND);
        }
        if (verdict == Verdict.CONTINUE) {
            remembered.take(known, entry);
        }
        return verdict;
    }

    private Verdict choose(PacketDescriptor packet, long entry, int before) {
        int chosen = pools[packet.service()].next();
        if (chosen == PacketDescriptor.NO_BACKEND) {
            if (before == PacketDescriptor.NO_BACKEND || !states.healthy(before)) {
                return DropReason.NO_HEALTHY_BACKEND.drop(packet);
            }
            packet.backend(before);
            return Verdict.CONTINUE;
        }
        if (before != PacketDescriptor.NO_BACKEND) {
            packet.flags(packet.flags() | DescriptorFlags.REROUTED);
        }
        FlowEntry.backend(entry, chosen);
        packet.backend(chosen);
        return Verdict.CONTINUE;
    }

    private Verdict connect(PacketDescriptor packet, long entry, long nowNs) {
        ServicePool pool = pools[packet.service()];
        return connectTo(pool.next(), packet, entry, pool, nowNs);
    }

    private Verdict connectAgain(PacketDescriptor packet, long entry, long nowNs) {
        ServicePool pool = pools[packet.service()];
        if (FlowEntry.tries(entry) >= Math.min(pool.connectTries(), TRIES_COUNTED)
                || remainingNs(entry, pool, nowNs) <= 0) {
            return DropReason.CONNECT_FAILED.drop(packet);
        }
        return connectTo(pool.nextUntried(FlowEntry.tried(entry)), packet, entry, pool, nowNs);
    }

    private static Verdict connectTo(int backend, PacketDescriptor packet, long entry, ServicePool pool, long nowNs) {
        if (backend == PacketDescriptor.NO_BACKEND) {
            return DropReason.NO_HEALTHY_BACKEND.drop(packet);
        }
        FlowEntry.backend(entry, backend);
        FlowEntry.tried(entry, FlowEntry.tried(entry) | pool.maskOf(backend));
        FlowEntry.tries(entry, FlowEntry.tries(entry) + 1);
        packet.backend(backend);
        packet.argument1(remainingNs(entry, pool, nowNs));
        return Verdict.CONTINUE;
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
        from.number(pools.length, pools.length);
        for (ServicePool pool : pools) {
            pool.restore(from);
        }
    }

    private static long remainingNs(long entry, ServicePool pool, long nowNs) {
        return pool.connectTotalNs() - (nowNs - FlowEntry.firstSeenNs(entry));
    }
}

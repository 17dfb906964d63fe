package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;

/** Per backend number: health, flows, latency, bytes. One thread writes; any may ask for what {@link HealthView} has. */
final class BackendStates implements HealthView {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final VarHandle STATES = statesHandle();
    private static final int IN_POOL = 1;
    private static final int UNHEALTHY = 2;

    /** More than a service can have known in its life; a checkpoint that says more is no sound one. */
    static final int HIGHEST_BACKENDS = 1 << 24;

    static final long NEVER = Long.MIN_VALUE;

    /** Replaced with release by a new snapshot; the pipeline's thread reads it plainly, others with acquire. */
    private byte[] states = {};

    private final BackendLatencies latencies = new BackendLatencies();
    private final BackendFlows flows = new BackendFlows();
    private final BackendBills bills = new BackendBills();

    /** When a backend became healthy again, or {@link #NEVER}. The pipeline's thread alone. */
    private long[] recoveredNs = {};

    /** Takes over the pools of a snapshot. What no pool names any more is healthy again, should it come back. */
    void apply(List<BackendPool> pools) {
        byte[] before = states;
        byte[] after = new byte[Math.max(before.length, count(pools))];
        grow(after.length);
        for (BackendPool pool : pools) {
            for (PoolMember member : pool.members()) {
                int backend = member.number();
                int health = backend < before.length ? before[backend] & UNHEALTHY : 0;
                after[backend] = (byte) (IN_POOL | health);
                bills.price(backend, member.costPerGb());
                flows.weight(backend, member.weight());
            }
        }
        for (int i = 0; i < after.length; i++) {
            if ((after[i] & IN_POOL) == 0) {
                recoveredNs[i] = NEVER;
                latencies.forget(i);
            }
        }
        STATES.setRelease(this, after);
    }

    private void grow(int length) {
        int before = recoveredNs.length;
        if (length > before) {
            recoveredNs = Arrays.copyOf(recoveredNs, length);
            Arrays.fill(recoveredNs, before, length, NEVER);
            latencies.grow(length);
            flows.grow(length);
            bills.grow(length);
        }
    }

    /** Sets a backend's health; of a backend that no pool names, nothing is kept. */
    void healthy(int backend, boolean value, long nowNs) {
        byte[] mine = states;
        if (isInPool(backend)) {
            if (value && (mine[backend] & UNHEALTHY) != 0) {
                recoveredNs[backend] = nowNs;
            }
            CELL.setOpaque(mine, backend, (byte) (value ? IN_POOL : IN_POOL | UNHEALTHY));
        }
    }

    /** Whether a pool names it. By the pipeline's thread, as all that follows. */
    boolean isInPool(int backend) {
        return backend >= 0 && backend < states.length && (states[backend] & IN_POOL) != 0;
    }

    /** Takes in what a probe found; of a backend that no pool names, nothing is kept. */
    void measured(int backend, long rttNs, long lossPpm, long nowNs) {
        if (isInPool(backend)) {
            latencies.measured(backend, rttNs, lossPpm, nowNs);
        }
    }

    /** Takes in how long a connect took. */
    void connected(int backend, long connectNs, long nowNs) {
        if (isInPool(backend)) {
            latencies.connected(backend, connectNs, nowNs);
        }
    }

    /** What is known of backends' latencies. */
    BackendLatencies latencies() {
        return latencies;
    }

    /** Their flows. */
    BackendFlows flows() {
        return flows;
    }

    /** Their bytes and what they cost. */
    BackendBills bills() {
        return bills;
    }

    /** When a backend that was unhealthy became healthy again, or {@link #NEVER}. */
    long recoveredNs(int backend) {
        return recoveredNs[backend];
    }

    @Override
    public boolean healthy(int backend) {
        byte[] mine = (byte[]) STATES.getAcquire(this);
        return backend < 0 || backend >= mine.length || ((byte) CELL.getOpaque(mine, backend) & UNHEALTHY) == 0;
    }

    /** Whether traffic of a flow that is there may go on to it: named by a pool and healthy. */
    boolean usable(int backend) {
        byte[] mine = states;
        return backend < mine.length && mine[backend] == IN_POOL;
    }

    void save(StateWriter to) {
        byte[] mine = states;
        to.number(mine.length);
        for (int i = 0; i < mine.length; i++) {
            to.number(mine[i]);
            to.number(recoveredNs[i]);
            latencies.save(i, to);
            flows.save(i, to);
            bills.save(i, to);
        }
    }

    /** Takes over what was saved. There may be more backends than the present pools name: those of former settings. */
    void restore(StateReader from) {
        byte[] after = new byte[from.number(states.length, HIGHEST_BACKENDS)];
        grow(after.length);
        for (int i = 0; i < after.length; i++) {
            after[i] = (byte) from.number(0, IN_POOL | UNHEALTHY);
            recoveredNs[i] = from.number();
            latencies.restore(i, from);
            flows.restore(i, from);
            bills.restore(i, from);
        }
        STATES.setRelease(this, after);
    }

    private static VarHandle statesHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(BackendStates.class, "states", byte[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static int count(List<BackendPool> pools) {
        int count = 0;
        for (BackendPool pool : pools) {
            for (PoolMember member : pool.members()) {
                count = Math.max(count, member.number() + 1);
            }
        }
        return count;
    }
}

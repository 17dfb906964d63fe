package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/** Per backend number: whether it is healthy, and whether a pool names it. One thread writes; any may ask for health. */
final class BackendStates implements HealthView {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final VarHandle STATES = statesHandle();
    private static final int IN_POOL = 1;
    private static final int UNHEALTHY = 2;

    /** More than a service can have known in its life; a checkpoint that says more is no sound one. */
    private static final int HIGHEST_BACKENDS = 1 << 24;

    /** Replaced with release by a new snapshot; the pipeline's thread reads it plainly, others with acquire. */
    private byte[] states = {};

    /** Takes over the pools of a snapshot. What no pool names any more is healthy again, should it come back. */
    void apply(List<BackendPool> pools) {
        byte[] before = states;
        byte[] after = new byte[Math.max(before.length, count(pools))];
        for (BackendPool pool : pools) {
            for (int backend : pool.backends()) {
                int health = backend < before.length ? before[backend] & UNHEALTHY : 0;
                after[backend] = (byte) (IN_POOL | health);
            }
        }
        STATES.setRelease(this, after);
    }

    /** Sets a backend's health; of a backend that no pool names, nothing is kept. */
    void healthy(int backend, boolean value) {
        byte[] mine = states;
        if (backend >= 0 && backend < mine.length && (mine[backend] & IN_POOL) != 0) {
            CELL.setOpaque(mine, backend, (byte) (value ? IN_POOL : IN_POOL | UNHEALTHY));
        }
    }

    @Override
    public boolean healthy(int backend) {
        byte[] mine = (byte[]) STATES.getAcquire(this);
        return backend < 0 || backend >= mine.length || ((byte) CELL.getOpaque(mine, backend) & UNHEALTHY) == 0;
    }

    /** Whether new traffic may be sent there: named by a pool and healthy. By the pipeline's thread. */
    boolean usable(int backend) {
        byte[] mine = states;
        return backend < mine.length && mine[backend] == IN_POOL;
    }

    void save(StateWriter to) {
        byte[] mine = states;
        to.number(mine.length);
        for (byte state : mine) {
            to.number(state);
        }
    }

    /** Takes over what was saved. There may be more backends than the present pools name: those of former settings. */
    void restore(StateReader from) {
        byte[] after = new byte[from.number(states.length, HIGHEST_BACKENDS)];
        for (int i = 0; i < after.length; i++) {
            after[i] = (byte) from.number(0, IN_POOL | UNHEALTHY);
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
            for (int backend : pool.backends()) {
                count = Math.max(count, backend + 1);
            }
        }
        return count;
    }
}

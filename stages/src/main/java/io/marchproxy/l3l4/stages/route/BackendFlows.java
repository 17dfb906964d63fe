package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;

/** By backend number: flows at present, connects under way, and since when none of them has come to an end. */
final class BackendFlows {
    private int[] active = {};
    private double[] weights = {};

    /** Flows for the weight, the one that would come included: as bits, which order positive doubles as whole numbers do. */
    private long[] loads = {};

    private int[] connecting = {};
    private long[] progressNs = {};

    /** Flows that it may have in this shard. */
    private int[] room = {};

    /** How often it had none. */
    private long[] refused = {};

    /** Makes room for so many backends, without flows. */
    void grow(int length) {
        active = Arrays.copyOf(active, length);
        int known = weights.length;
        weights = Arrays.copyOf(weights, length);
        Arrays.fill(weights, known, length, 1);
        loads = Arrays.copyOf(loads, length);
        for (int i = known; i < length; i++) {
            weigh(i);
        }
        connecting = Arrays.copyOf(connecting, length);
        progressNs = Arrays.copyOf(progressNs, length);
        refused = Arrays.copyOf(refused, length);
        int before = room.length;
        room = Arrays.copyOf(room, length);
        Arrays.fill(room, before, length, Integer.MAX_VALUE);
    }

    private void weigh(int backend) {
        loads[backend] = Double.doubleToRawLongBits((active[backend] + 1) / weights[backend]);
    }

    /** Sets what its flows count for. */
    void weight(int backend, double weight) {
        weights[backend] = weight;
        weigh(backend);
    }

    /** By backend number: what two are compared by, the lower the less loaded. Not to be changed. */
    long[] loads() {
        return loads;
    }

    /** A flow goes there from now on. */
    void begins(int backend) {
        active[backend]++;
        weigh(backend);
    }

    /** A flow of it has ended, or goes elsewhere. */
    void ends(int backend) {
        active[backend] = Math.max(active[backend] - 1, 0);
        weigh(backend);
    }

    /** A connect begins. */
    void connects(int backend, long nowNs) {
        if (connecting[backend]++ == 0) {
            progressNs[backend] = nowNs;
        }
    }

    /** A connect was answered, in whatever way. */
    void answered(int backend, long nowNs) {
        connecting[backend] = Math.max(connecting[backend] - 1, 0);
        progressNs[backend] = nowNs;
    }

    /** A connect was given up. */
    void givenUp(int backend) {
        connecting[backend] = Math.max(connecting[backend] - 1, 0);
    }

    /** Whether a connect is under way. */
    boolean connects(int backend) {
        return connecting[backend] > 0;
    }

    int active(int backend) {
        return active[backend];
    }

    /** Flows at present, for any thread, which may see a count that is a moment old. */
    int seen(int backend) {
        int[] all = active;
        return backend >= 0 && backend < all.length ? all[backend] : 0;
    }

    /** A flow was to go there, and found no room. */
    void refuses(int backend) {
        refused[backend]++;
    }

    /** How often that was, for any thread. */
    long refused(int backend) {
        long[] all = refused;
        return backend >= 0 && backend < all.length ? all[backend] : 0;
    }

    /** Sets this shard's share of what it may have. */
    void room(int backend, int flows) {
        room[backend] = flows;
    }

    int room(int backend) {
        return room[backend];
    }

    /** For how long connects have waited there without that any was answered; 0 when none waits. */
    long waitingNs(int backend, long nowNs) {
        return connecting[backend] == 0 ? 0 : Math.max(nowNs - progressNs[backend], 0);
    }

    void save(int backend, StateWriter to) {
        to.number(active[backend]);
        to.number(connecting[backend]);
        to.number(progressNs[backend]);
        to.number(room[backend]);
    }

    void restore(int backend, StateReader from) {
        active[backend] = from.number(0, Integer.MAX_VALUE);
        weigh(backend);
        connecting[backend] = from.number(0, Integer.MAX_VALUE);
        progressNs[backend] = from.number();
        room[backend] = from.number(0, Integer.MAX_VALUE);
    }
}

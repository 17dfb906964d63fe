package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/** The services of one direction, by number; those that have their limits in common are one node, that of the lowest number. */
final class Services extends SingleWriter {
    private static final int MOST = 1 << 16;

    private ServiceNode[] nodes = {};

    /** All of them; not to be changed. */
    ServiceNode[] all() {
        return nodes;
    }

    /** The service with a number; a number that is new comes with new settings, not with packets. */
    ServiceNode get(int number) {
        if (number >= nodes.length) {
            grow(number + 1);
        }
        return nodes[number];
    }

    private void grow(int count) {
        int before = nodes.length;
        nodes = Arrays.copyOf(nodes, count);
        for (int i = before; i < count; i++) {
            nodes[i] = new ServiceNode(i);
        }
    }

    /**
     * Takes over a snapshot.
     *
     * @return those of which what waits is to be queued anew, as they were
     */
    Set<ServiceNode> apply(ShapeSettings settings, boolean toClient, long nowNs) {
        Set<ServiceNode> others = new LinkedHashSet<>();
        int known = settings.services().size();
        if (known > nodes.length) {
            grow(known);
        }
        for (int i = 0; i < nodes.length; i++) {
            ServiceLimits limits = i < known ? settings.services().get(i) : ServiceLimits.NONE;
            ServiceNode one = nodes[i];
            if (limits.isSharing()) {
                one = nodes[limits.sharesWith()];
            } else if (one.number != i) {
                // It shared another's limits under the settings that a comparison came from.
                one = new ServiceNode(i);
            }
            if (one != nodes[i]) {
                others.add(nodes[i]);
                nodes[i] = one;
            }
            if (limits.isSharing()) {
                continue;
            }
            one.limits.set(
                    limits.guarantee(), toClient ? limits.toClient() : limits.toBackend(), settings.shards(), nowNs);
            if (one.each(limits.each().client(toClient), limits.each().connection(toClient))) {
                others.add(one);
            }
        }
        return others;
    }

    /** Takes over how many were saved; {@link #restore(int, StateReader)} is to follow for each. */
    int restore(StateReader from) {
        int known = from.number(0, MOST);
        if (known > nodes.length) {
            grow(known);
        }
        return known;
    }

    /** Takes over whose limits one has: whether they are its own. */
    boolean restore(int number, StateReader from) {
        nodes[number] = nodes[from.number(0, number)];
        return nodes[number].number == number;
    }
}

package io.marchproxy.l3l4.engine.numa;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.numa.SteeringProgram.Sockets;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a new TCP connection to a shard on the node whose CPU its first packet came in on, so that what the network card
 * wrote near one node is not read from the other.
 *
 * <p>By node and not by CPU, since a card with one queue would otherwise give everything to one shard; and TCP alone: the
 * choice is made once for a connection, whereas datagrams of one client that come in on two nodes would get two sessions.
 */
public final class Steering {
    /** Shown where there is nothing to steer. */
    public static final String OFF = "off";

    private static final Logger LOG = LoggerFactory.getLogger(Steering.class);
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final int SOCK_FPROG_BYTES = 16;

    private final List<Sockets> nodes;
    private volatile String state = OFF;

    private Steering(List<Sockets> nodes) {
        this.nodes = nodes;
    }

    /** Steering among the seats' nodes; among less than two there is none. */
    public static Steering among(List<Seat> seats, Topology topology) {
        List<Sockets> nodes = new ArrayList<>();
        for (Topology.Node node : topology.nodes()) {
            int first = -1;
            int count = 0;
            for (int shard = 0; shard < seats.size(); shard++) {
                if (seats.get(shard).node() == node.id()) {
                    first = first < 0 ? shard : first;
                    count++;
                }
            }
            if (count > 0) {
                nodes.add(new Sockets(node.cpus(), first, count));
            }
        }
        return new Steering(nodes);
    }

    /** Whether there is a choice to make. */
    public boolean isWanted() {
        return nodes.size() > 1;
    }

    /** {@link #OFF}, {@code by node}, or why it is not. */
    public String state() {
        return state;
    }

    /**
     * Steers a group of listening sockets that share a port.
     *
     * @param descriptor of any of the group's sockets, all of which are bound, in the order of the shards; negative when it
     *     has none that we know
     */
    public void attach(int descriptor) {
        if (!isWanted()) {
            return;
        }
        int answer = descriptor < 0 ? -Errno.EBADF : attach(descriptor, SteeringProgram.of(nodes));
        if (answer < 0) {
            state = "refused: " + Errno.describe(-answer);
            LOG.warn("engine.numa: connections are not steered to their node's shards: {}", Errno.describe(-answer));
        } else {
            state = "by node";
        }
    }

    /** Attaches a program to a group of sockets. Answers 0, or the negative errno. */
    static int attach(int descriptor, long[] instructions) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = arena.allocateFrom(JAVA_LONG, instructions);
            MemorySegment header = arena.allocate(SOCK_FPROG_BYTES, Long.BYTES);
            header.set(JAVA_SHORT, 0, (short) instructions.length);
            header.set(JAVA_LONG, Long.BYTES, program.address());
            return new SocketCalls()
                    .setOption(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, header.address(), SOCK_FPROG_BYTES);
        }
    }
}

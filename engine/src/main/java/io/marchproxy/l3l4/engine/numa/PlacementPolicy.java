package io.marchproxy.l3l4.engine.numa;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings.Mode;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.numa.Topology.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides a placement from the machine and the settings alone.
 *
 * <p>One thread per shard wins clearly unless each of its three threads has a core to itself: over two cores, stages on
 * threads of their own cost 0.3 to 71 ms of delay instead of 29 µs. Cores are better spent on more shards than on more
 * threads for each, so only where the number of shards is given, and leaves cores over, does {@code auto} use them so.
 *
 * <p>A hyper-thread is half a core at best: shards are counted by cores, and get one thread of each core first.
 */
public final class PlacementPolicy {
    /** Threads of a pipelined shard: I/O, stages, egress. */
    static final int PIPELINED_THREADS = 3;

    /** What {@code spin: auto} looks for work: a little more than waking up costs on a virtual machine. */
    static final Duration SPIN_AUTO = Duration.ofNanos(50_000);

    private static final int MOST_SHARDS = 256;

    private final Topology topology;
    private final EngineSettings settings;
    private final int timeOfCpus;
    private final List<String> notes = new ArrayList<>();

    private PlacementPolicy(Topology topology, int timeOfCpus, EngineSettings settings) {
        this.topology = topology;
        this.timeOfCpus = timeOfCpus;
        this.settings = settings;
    }

    /**
     * Decides.
     *
     * @param timeOfCpus how many CPUs' time the process may use: a container's quota may be less than its CPUs
     */
    public static PlacementPlan decide(Topology topology, int timeOfCpus, EngineSettings settings) {
        return new PlacementPolicy(topology, timeOfCpus, settings).plan();
    }

    private PlacementPlan plan() {
        boolean pipelined = settings.mode() == Mode.PIPELINED || (settings.mode() == Mode.AUTO && hasRoomForThreads());
        int threads = pipelined ? PIPELINED_THREADS : 1;
        int shards = settings.shards() == 0 ? automaticShards(threads) : settings.shards();
        if (shards * threads > cpus()) {
            notes.add(shortOfCpus(shards, threads));
        }
        List<Seat> seats = settings.numa() ? seatsByNode(shards, threads) : seats(shards, threads);
        return new PlacementPlan(pipelined, reason(pipelined), seats, spinNs(shards * threads), notes);
    }

    /** Whether the shards that are asked for could have a core for each of three threads, and leave one to everything else. */
    private boolean hasRoomForThreads() {
        int shards = settings.shards();
        if (shards == 0 || shards * PIPELINED_THREADS + 1 > cores()) {
            return false;
        }
        if (!settings.numa()) {
            return true;
        }
        int[] shares = shares(shards);
        for (int i = 0; i < shares.length; i++) {
            if (shares[i] * PIPELINED_THREADS > topology.nodes().get(i).cores()) {
                return false;
            }
        }
        return true;
    }

    private String reason(boolean pipelined) {
        if (settings.mode() != Mode.AUTO) {
            return "as configured";
        }
        if (settings.shards() == 0) {
            return "a shard for each core leaves none for further threads";
        }
        String cores = count(cores(), "core")
                + (settings.numa() ? " on " + count(topology.nodes().size(), "node") : "");
        return pipelined
                ? count(settings.shards(), "shard") + " of three threads leave a core free of " + cores
                : count(settings.shards(), "shard") + " of three threads would leave no core free of " + cores;
    }

    private int automaticShards(int threads) {
        return Math.clamp(cores() / threads, 1, MOST_SHARDS);
    }

    private String shortOfCpus(int shards, int threads) {
        return "engine." + (threads > 1 ? "mode" : "shards") + ": " + count(shards, "shard")
                + (threads > 1 ? " of three threads" : "") + " on " + count(cpus(), "CPU")
                + " that this process may use: they share";
    }

    private List<Seat> seats(int shards, int threads) {
        List<Integer> cpus = settings.pinThreads() ? topology.cpus() : List.of();
        List<Seat> seats = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            seats.add(new Seat(PlacementPlan.ANY_NODE, pick(cpus, shard, threads)));
        }
        return seats;
    }

    private List<Seat> seatsByNode(int shards, int threads) {
        List<Node> nodes = topology.nodes();
        if (nodes.size() == 1) {
            notes.add("engine.numa: "
                    + (topology.isKnown() ? "there is one node for this process" : "sysfs shows no nodes here")
                    + ", so there is nothing to place between nodes; threads are pinned");
        }
        int[] shares = shares(shards);
        List<Seat> seats = new ArrayList<>();
        for (int i = 0; i < shares.length; i++) {
            Node node = nodes.get(i);
            if (shares[i] > 0 && topology.isKnown() && !node.hasMemory()) {
                notes.add("engine.numa: node " + node.id()
                        + " has no memory for this process: its shards use other nodes'");
            }
            int home = topology.isKnown() && node.hasMemory() ? node.id() : PlacementPlan.ANY_NODE;
            for (int shard = 0; shard < shares[i]; shard++) {
                seats.add(new Seat(home, pick(node.cpus(), shard, threads)));
            }
        }
        return seats;
    }

    /** Shards for each node, in proportion to their cores: each next one goes where there is most core left for it. */
    private int[] shares(int shards) {
        List<Node> nodes = topology.nodes();
        int[] shares = new int[nodes.size()];
        for (int shard = 0; shard < shards; shard++) {
            int best = 0;
            for (int i = 1; i < shares.length; i++) {
                long here = (long) nodes.get(i).cores() * (shares[best] + 1);
                long there = (long) nodes.get(best).cores() * (shares[i] + 1);
                best = here > there ? i : best;
            }
            shares[best]++;
        }
        return shares;
    }

    private static List<Integer> pick(List<Integer> cpus, int shard, int threads) {
        List<Integer> mine = new ArrayList<>();
        for (int i = 0; i < threads && !cpus.isEmpty(); i++) {
            mine.add(cpus.get((shard * threads + i) % cpus.size()));
        }
        return mine;
    }

    private long spinNs(int spinning) {
        boolean isAuto = settings.spin().equals(EngineSettings.SPIN_AUTO);
        if (cpus() > spinning) {
            return (isAuto ? SPIN_AUTO : settings.spin()).toNanos();
        }
        if (!isAuto && !settings.spin().isZero()) {
            notes.add("engine.spin: turned off, since " + count(spinning, "thread") + " would spin on "
                    + count(cpus(), "CPU") + " and leave none free; fewer engine.shards would");
        }
        return 0;
    }

    /** CPUs that really can work at once. */
    private int cpus() {
        return Math.min(topology.cpus().size(), timeOfCpus);
    }

    private int cores() {
        return Math.min(topology.cores(), timeOfCpus);
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }
}

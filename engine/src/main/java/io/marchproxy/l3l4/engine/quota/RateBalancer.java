package io.marchproxy.l3l4.engine.quota;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Keeps rates whole over several shards: every few milliseconds it looks at what came in at each and waits there, and moves shares of
 * the link, of classes, of services and of what rules police to, to where they are wanted. In two steps, as {@link QuotaBalancer} does: a share is raised only
 * by what others have given back for certain. All methods are called on the one thread that the executor runs on.
 */
public final class RateBalancer {
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;
    private static final Traffic ANY = (service, trafficClass) -> true;

    /** Which traffic a limit is for. */
    @FunctionalInterface
    private interface Traffic {
        boolean has(int service, int trafficClass);
    }

    /** A shard as the balancer sees it. What it tells may be read from any thread. */
    public interface Member {
        /** Bytes that have come in since the start. */
        long inBytes(int service, int trafficClass, Direction direction);

        /** Bytes that wait now. */
        long heldBytes(int service, int trafficClass, Direction direction);

        /** Bytes that a rule's policer has metered since the start. */
        default long policedBytes(int policer, Direction direction) {
            return 0;
        }

        /** Puts a share into force; completes when it is. */
        CompletableFuture<Void> share(Direction direction, ShareOf of, int which, int share);
    }

    /** What is shared. */
    private record Key(Direction direction, ShareOf of, int which) {}

    private static final class Shares {
        private int[] shares;
        private final double[] demand;
        private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);

        Shares(int members) {
            shares = RateShares.even(members);
            demand = new double[members];
        }
    }

    private final List<? extends Member> members;
    private final Executor executor;

    /** What a policer had metered at each member at the last turn. */
    private final Map<Key, long[]> metered = new HashMap<>();

    private final Map<Key, Shares> all = new HashMap<>();
    private ShapeSettings settings = new ShapeSettings(0, 0, 0, 0);

    /** By member: bytes that had come in at the last turn, by service, class and direction. */
    private final long[][] before;

    /** By member: bytes that came in since, and that wait. */
    private final long[][] wanted;

    /**
     * Makes a balancer over all shards, which have even shares.
     *
     * @param executor the one thread that all of this happens on
     */
    public RateBalancer(List<? extends Member> members, Executor executor) {
        this.members = List.copyOf(members);
        this.executor = executor;
        before = new long[members.size()][0];
        wanted = new long[members.size()][0];
    }

    /** Takes over which rates there are. Shares stay as they are. */
    public void settings(ShapeSettings inForce) {
        settings = inForce;
        // A policer that its rule has lost begins anew, evenly shared, should a rule have it again.
        BitSet policers = new BitSet();
        inForce.policing().forEach(one -> policers.set(one.number()));
        all.keySet().removeIf(key -> key.of == ShareOf.POLICER && !policers.get(key.which));
        metered.keySet().removeIf(key -> !policers.get(key.which));
        int cells = inForce.services().size() * CLASSES * DIRECTIONS;
        for (int i = 0; i < members.size(); i++) {
            before[i] = Arrays.copyOf(before[i], Math.max(cells, before[i].length));
            wanted[i] = new long[before[i].length];
        }
    }

    /** Looks at all rates and moves shares where they are wanted. */
    public void turn() {
        if (members.size() < 2) {
            return;
        }
        for (PoliceSettings one : settings.policing()) {
            for (Direction direction : Direction.values()) {
                police(new Key(direction, ShareOf.POLICER, one.number()));
            }
        }
        if (!settings.limitsAnything()) {
            return;
        }
        look();
        double[] none = new double[members.size()];
        for (Direction direction : Direction.values()) {
            double[] promised = new double[members.size()];
            for (int i = 0; i < settings.services().size(); i++) {
                ServiceLimits limits = settings.services().get(i);
                if (!limits.isSharing()
                        && (limits.of(direction).isSet() || limits.guarantee().isSet())) {
                    Shares shares = balance(new Key(direction, ShareOf.SERVICE, i), ofService(i), none);
                    promise(promised, shares, limits.guarantee().bitsPerSecond());
                }
            }
            for (int i = 0; i < CLASSES; i++) {
                ClassLimits limits = settings.classes().get(i);
                if (limits.ceiling().isSet() || limits.guarantee().isSet()) {
                    Shares shares = balance(new Key(direction, ShareOf.CLASS, i), ofClass(i), none);
                    promise(promised, shares, limits.guarantee().bitsPerSecond());
                }
            }
            if (settings.link().isSet()) {
                balance(new Key(direction, ShareOf.LINK, 0), ANY, promised);
            }
        }
    }

    private Traffic ofService(int number) {
        return (service, trafficClass) -> service == number
                || (service < settings.services().size()
                        && settings.services().get(service).sharesWith() == number);
    }

    private static Traffic ofClass(int number) {
        return (service, trafficClass) -> trafficClass == number;
    }

    /** Takes down what each shard was asked for since the last turn. */
    private void look() {
        for (int member = 0; member < members.size(); member++) {
            for (int cell = 0; cell < before[member].length; cell++) {
                int service = cell / (CLASSES * DIRECTIONS);
                int trafficClass = cell / DIRECTIONS % CLASSES;
                Direction direction = Direction.of(cell % DIRECTIONS);
                long in = members.get(member).inBytes(service, trafficClass, direction);
                long held = members.get(member).heldBytes(service, trafficClass, direction);
                wanted[member][cell] = in - before[member][cell] + held;
                before[member][cell] = in;
            }
        }
    }

    private double demand(int member, Direction direction, Traffic traffic) {
        long sum = 0;
        for (int cell = direction.ordinal(); cell < wanted[member].length; cell += DIRECTIONS) {
            if (traffic.has(cell / (CLASSES * DIRECTIONS), cell / DIRECTIONS % CLASSES)) {
                sum += wanted[member][cell];
            }
        }
        return sum;
    }

    private void police(Key key) {
        long[] before = metered.computeIfAbsent(key, missing -> new long[members.size()]);
        double[] demand = new double[before.length];
        for (int i = 0; i < before.length; i++) {
            long now = members.get(i).policedBytes(key.which, key.direction);
            demand[i] = now - before[i];
            before[i] = now;
        }
        balance(key, demand, new double[before.length]);
    }

    private Shares balance(Key key, Traffic traffic, double[] promised) {
        double[] demand = new double[members.size()];
        for (int i = 0; i < demand.length; i++) {
            demand[i] = demand(i, key.direction, traffic);
        }
        return balance(key, demand, promised);
    }

    private Shares balance(Key key, double[] demand, double[] promised) {
        Shares shares = all.computeIfAbsent(key, missing -> new Shares(members.size()));
        for (int i = 0; i < demand.length; i++) {
            // What was wanted in the turns before counts as well, each half as much as the next.
            shares.demand[i] = (shares.demand[i] + demand[i]) / 2;
        }
        if (shares.underWay.isDone()) {
            int[] next = RateShares.wanted(shares.shares, shares.demand, promised);
            if (!Arrays.equals(next, shares.shares)) {
                int[] lowered = QuotaShares.lowered(shares.shares, next);
                shares.underWay =
                        tell(key, shares, lowered).thenComposeAsync(done -> tell(key, shares, next), executor);
            }
        }
        return shares;
    }

    private CompletableFuture<Void> tell(Key key, Shares shares, int[] next) {
        List<CompletableFuture<Void>> told = new ArrayList<>();
        for (int i = 0; i < next.length; i++) {
            if (next[i] != shares.shares[i]) {
                told.add(members.get(i).share(key.direction, key.of, key.which, next[i]));
            }
        }
        shares.shares = next;
        return CompletableFuture.allOf(told.toArray(CompletableFuture[]::new));
    }

    /** Adds what the shards that have something for a guarantee need of the link for it. */
    private void promise(double[] promised, Shares shares, long guaranteeBits) {
        if (guaranteeBits != 0 && settings.link().isSet()) {
            double part = (double) guaranteeBits / settings.link().bitsPerSecond();
            for (int i = 0; i < promised.length; i++) {
                if (shares.demand[i] > 0) {
                    promised[i] += part * shares.shares[i] / ShareOf.WHOLE;
                }
            }
        }
    }
}

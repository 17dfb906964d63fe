package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * The order of things. Group by group, the proxies are started side by side; only one of them has the CPU at a time. Round 0
 * warms up all alike and is not counted; in each round every measurement goes to all peers in turn, and the order moves on by
 * one from round to round.
 */
final class Comparison {
    private final Stand stand;
    private final Meter meter;
    private final Plan plan;
    private final Set<Peer> leftOut;
    private final Path raw;

    /**
     * A comparison to be made.
     *
     * @param raw the file of raw values, beside which the logs of latencies are written
     * @param leftOut peers that take no part
     */
    Comparison(Stand stand, Meter meter, Plan plan, Set<Peer> leftOut, Path raw) {
        this.stand = stand;
        this.meter = meter;
        this.plan = plan;
        this.leftOut = leftOut;
        this.raw = raw;
    }

    /** What is told of each round's end. */
    interface Listener {
        void roundDone(Group group, int round) throws IOException;
    }

    /** How many turns there are. */
    int steps() {
        return plan.kinds().stream()
                .mapToInt(kind -> peers(kind.group()).size() * (kind == Kind.IDLE ? plan.rounds() : plan.rounds() + 1))
                .sum();
    }

    /** Makes it. */
    void run(Results results, Progress progress, Listener listener) throws IOException, InterruptedException {
        for (Group group : Group.values()) {
            List<Kind> ofGroup =
                    plan.kinds().stream().filter(kind -> kind.group() == group).toList();
            if (!ofGroup.isEmpty()) {
                run(group, ofGroup, results, progress, listener);
            }
        }
    }

    private void run(Group group, List<Kind> ofGroup, Results results, Progress progress, Listener listener)
            throws IOException, InterruptedException {
        List<Peer> peers = peers(group);
        // Idle connections are measured in proxies that have carried nothing else, which warm up within.
        boolean fresh = group == Group.IDLE;
        if (!fresh) {
            for (Peer peer : peers) {
                stand.start(peer);
                stand.pause(peer);
            }
        }
        for (int round = fresh ? 1 : 0; round <= plan.rounds(); round++) {
            for (Kind kind : ofGroup) {
                for (Peer peer : inTurn(peers, round)) {
                    progress.step(
                            (round == 0 ? "warm-up" : "round " + round) + " · " + kind.label() + " · " + peer.label());
                    int seconds = round == 0 ? plan.warmUpSeconds() : plan.seconds();
                    Path log = round > 0 && kind.hasLatencies() ? log(raw, kind, peer) : null;
                    Sample sample = new Sample(kind, peer, round, meter.measure(kind, peer, seconds, log));
                    if (round > 0) {
                        results.add(sample);
                    }
                }
            }
            listener.roundDone(group, round);
        }
        for (Peer peer : peers) {
            stand.stop(peer);
        }
    }

    /** Where the latencies of a measurement with a peer are, beside the raw values. */
    static Path log(Path raw, Kind kind, Peer peer) {
        String stem = String.valueOf(raw.getFileName()).replaceFirst("\\.json$", "");
        return raw.resolveSibling(stem + "." + kind.key() + "." + peer.key() + ".hlog");
    }

    private List<Peer> peers(Group group) {
        return group.peers().stream().filter(peer -> !leftOut.contains(peer)).toList();
    }

    static List<Peer> inTurn(List<Peer> peers, int round) {
        List<Peer> turned = new ArrayList<>(peers);
        Collections.rotate(turned, -round);
        return turned;
    }
}

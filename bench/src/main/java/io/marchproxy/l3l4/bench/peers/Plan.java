package io.marchproxy.l3l4.bench.peers;

import java.util.List;

/**
 * What is asked for.
 *
 * @param kinds in order
 * @param rounds that count
 * @param seconds of each turn that counts
 * @param warmUpSeconds of each turn before
 * @param connections idle ones
 * @param spin value of engine.spin for the variant that spins, or an empty text for no such variant
 * @param journal whether ours is compared with itself, without a journal and with one in either mode, and nobody else
 */
record Plan(
        List<Kind> kinds, int rounds, int seconds, int warmUpSeconds, int connections, String spin, boolean journal) {
    /** Descriptors that a proxy or the load needs besides two for each connection. */
    private static final int KEPT_DESCRIPTORS = 600;

    /** The same with no more connections than descriptors carry. */
    Plan within(long descriptorLimit) {
        return new Plan(
                kinds,
                rounds,
                seconds,
                warmUpSeconds,
                (int) Math.min(connections, (descriptorLimit - KEPT_DESCRIPTORS) / 2),
                spin,
                journal);
    }

    /** Whether a peer has turns: with a journal ours alone, and what is direct; the one that spins where it is told how long. */
    boolean asksFor(Peer peer) {
        return switch (peer) {
            case DIRECT, OURS -> true;
            case OURS_FLOWS, OURS_PACKETS -> journal;
            case OURS_SPIN -> !journal && !spin.isEmpty();
            case NGINX, NGINX_64K, HAPROXY, HAPROXY_64K, OURS_BARE -> !journal;
        };
    }

    boolean has(Group group) {
        return kinds.stream().anyMatch(kind -> kind.group() == group);
    }
}

package io.marchproxy.l3l4.stages.route;

/**
 * The first tier with a backend that may be used, and its backends in weighted turns; the next tier waits for all of it to fail.
 * Source: DNS SRV priorities and weights (RFC 2782).
 */
final class FailoverTiers extends Tiers {
    FailoverTiers(Candidates candidates) {
        super(candidates);
    }

    @Override
    double rank(int position, long nowNs) {
        return candidates.member(position).priority();
    }

    @Override
    public String scoreName() {
        return "tier";
    }
}

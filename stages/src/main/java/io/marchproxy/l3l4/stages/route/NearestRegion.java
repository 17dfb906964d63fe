package io.marchproxy.l3l4.stages.route;

/** The nearest region, by {@link GreatCircle} distance; several there in weighted turns. */
final class NearestRegion extends Tiers {
    NearestRegion(Candidates candidates) {
        super(candidates);
    }

    @Override
    double rank(int position, long nowNs) {
        return candidates.member(position).distanceKm();
    }

    @Override
    public String scoreName() {
        return "km";
    }
}

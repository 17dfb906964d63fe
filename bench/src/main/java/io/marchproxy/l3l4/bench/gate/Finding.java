package io.marchproxy.l3l4.bench.gate;

/**
 * A workload's comparison with its baseline.
 *
 * @param measured the best of the runs
 * @param baseline ratio that is committed; 0 when there is none
 * @param tolerancePercent by which it may be exceeded
 * @param runs that were made
 */
record Finding(String name, Measured measured, double baseline, int tolerancePercent, int runs) {
    /** By how much the ratio is above (or, negative, below) the baseline. */
    double changePercent() {
        return baseline == 0 ? 0 : (measured.ratio() / baseline - 1) * 100;
    }

    boolean isSlower() {
        return changePercent() > tolerancePercent;
    }

    /** What to say of it. */
    String verdict() {
        if (baseline == 0) {
            return "no baseline";
        }
        if (isSlower()) {
            return "SLOWER";
        }
        String again = runs > 1 ? " (run " + runs + ")" : "";
        return (changePercent() < -tolerancePercent ? "faster: update the baseline" : "ok") + again;
    }

    /** This finding after another run: the better of the two counts, since noise only ever slows. */
    Finding with(Measured again) {
        Measured best = again.ratio() < measured.ratio() ? again : measured;
        return new Finding(name, best, baseline, tolerancePercent, runs + 1);
    }
}
